// A title's prefix says what is asked for: the ask's verb, by which people triage.

export type AskKind = "approve" | "review" | "question" | "task";

export interface Ask {
  kind: AskKind;
  /** The prefix as a word, or null. */
  verb: string | null;
  /** The title without it. */
  object: string;
}

const PREFIX = /^\s*(approve|approval|review|question)\s*[:：]\s*(?=\S)/iu;
const VERBS: Record<string, { kind: AskKind; verb: string }> = {
  approve: { kind: "approve", verb: "Approve" },
  approval: { kind: "approve", verb: "Approve" },
  review: { kind: "review", verb: "Review" },
  question: { kind: "question", verb: "Question" },
};

export function askOf(title: string): Ask {
  const match = PREFIX.exec(title);
  const known = match ? VERBS[(match[1] ?? "").toLowerCase()] : undefined;
  if (!match || !known) return { kind: "task", verb: null, object: title };
  return { ...known, object: title.slice(match[0].length) };
}

export const ASK_KINDS: readonly { kind: AskKind; label: string }[] = [
  { kind: "approve", label: "Approvals" },
  { kind: "review", label: "Reviews" },
  { kind: "question", label: "Questions" },
  { kind: "task", label: "Other tasks" },
];
