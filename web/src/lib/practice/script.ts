// What the practice agent says and does: it asks for an approval, thanks for the answer, asks a question, and is done. Pure, so that each step can
// be tested; it decides nothing on its own and touches nothing.
import { isOpen } from "../model/types";

export const APPROVAL = {
  title: "Approve: Rename the branch master to main",
  assignee: "human",
  body: `I am the practice agent. I run in your browser, I change nothing, and I show you how a real agent asks.

This is what I would run:

\`\`\`sh
git branch -m master main
git push -u origin main
\`\`\`

If you approve, I do exactly this. If you say no, I leave the branch as it is. You can also just write to me below.`,
} as const;

export const QUESTION = {
  title: "Question: What should I take next?",
  assignee: "human",
  body: "An agent that is not sure asks, and goes on with other work until you answer. Whatever you say reaches it at once.",
} as const;

const CHOICES = [
  { id: "tests", label: "Write the missing tests", description: "Half a day", recommended: true },
  { id: "docs", label: "Bring the documentation up to date", description: "Two hours" },
  { id: "rest", label: "Nothing, have a rest" },
];

/** The question, with choices to pick from where this server has them. */
export const question = (hasOptions: boolean): object =>
  hasOptions
    ? { ...QUESTION, options: CHOICES }
    : { ...QUESTION, body: `${QUESTION.body}\n\n${CHOICES.map(({ label }) => `- ${label}`).join("\n")}` };

/** Something it was told, as `waitForMessages` returns it. */
export interface Told {
  chat_id: string;
  message_id: string;
  text: string;
  verdict?: "approved" | "rejected";
  status?: string;
}

export type Act =
  | { do: "reply"; task: string; to: string; text: string; needsAnswer: boolean }
  | { do: "complete"; task: string }
  | { do: "ask" };

/** The tasks that it has filed, each with what it was for. */
export interface Filed {
  approval: string | null;
  question: string | null;
}

/** The words of a person, without the line that says what they belong to. */
const wordsOf = (told: Told): string => told.text.replace(/^\[Response to task \S+\]\s*/u, "").trim();

/** What it does on being told something. What is not about its own tasks is none of its business. */
export function answer(told: Told, filed: Filed): Act[] {
  const { chat_id: task, message_id: to } = told;
  const open = isOpen(told);
  const reply = (text: string, needsAnswer = false): Act => ({ do: "reply", task, to, text, needsAnswer });
  if (task === filed.approval) {
    const goOn: Act[] = filed.question === null ? [{ do: "ask" }] : [];
    if (told.verdict === "approved") {
      const thanks = reply("Thank you. A real agent would have renamed the branch by now, exactly as it was shown.");
      return [thanks, ...(open ? [{ do: "complete", task } as const] : []), ...goOn];
    }
    if (told.verdict === "rejected") return [reply("Understood. I leave the branch as it is."), ...goOn];
    if (!open) return [];
    return [reply("I have read that. To decide, use the buttons: only these are a yes or a no.", true)];
  }
  if (task === filed.question && open) {
    const said = wordsOf(told);
    const heard = said === "" ? "I have your answer" : `I have your answer: “${said.slice(0, 200)}”`;
    return [
      reply(`${heard}. That was all: connect an agent of your own, and it asks you like this.`),
      { do: "complete", task },
    ];
  }
  return [];
}
