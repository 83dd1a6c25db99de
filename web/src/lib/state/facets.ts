// By what the tasks are filtered. Each facet is one question that every task answers with one word; the words that are
// wanted stand in the address.
import type { Agent, Listed, Task } from "../model/types";
import { ASK_KINDS, askOf } from "../text/ask";
import { agentLabel, STATUS_WORDS } from "../text/format";
import { SECTION_ORDER } from "./sections";

export interface Eyes {
  agents: readonly Agent[];
  me: string | null;
}

export interface Facet {
  /** Its name in the address. */
  name: string;
  title: string;
  answer: (task: Task, eyes: Eyes) => string;
  label: (answer: string, eyes: Eyes) => string;
  /** The order of its answers; those not named follow. */
  order: readonly string[];
}

const oneOf =
  (words: Record<string, string>) =>
  (answer: string): string =>
    words[answer] ?? answer;
const TURNS: Record<Task["turn"], string> = {
  human: "Waits for a person",
  agent: "Waits for an agent",
  nobody: "Over",
};
const MAKERS = { me: "You", people: "Other people", agents: "Agents" };

export const FACETS: readonly Facet[] = [
  { name: "status", title: "Status", answer: (task) => task.status, label: oneOf(STATUS_WORDS), order: SECTION_ORDER },
  { name: "turn", title: "Turn", answer: (task) => task.turn, label: oneOf(TURNS), order: Object.keys(TURNS) },
  {
    name: "for",
    title: "For",
    answer: (task) => task.assignee,
    label: oneOf({ human: "A person", agent: "An agent" }),
    order: ["human", "agent"],
  },
  {
    name: "kind",
    title: "Asks for",
    answer: (task) => askOf(task.title).kind,
    label: oneOf(Object.fromEntries(ASK_KINDS.map(({ kind, label }) => [kind, label]))),
    order: ASK_KINDS.map(({ kind }) => kind),
  },
  {
    name: "agent",
    title: "Agent",
    answer: (task) => task.agent ?? "",
    label: (answer, { agents }) => (answer === "" ? "None yet" : agentLabel(answer, agents)),
    order: [],
  },
  {
    name: "list",
    title: "List",
    answer: ({ work }) => work?.list ?? "",
    label: (answer) => (answer === "" ? "None" : answer),
    order: [""],
  },
  {
    name: "files",
    title: "Attachments",
    answer: ({ attachments }) => (attachments > 0 ? "some" : "none"),
    label: oneOf({ some: "Has attachments", none: "None" }),
    order: ["some", "none"],
  },
  {
    name: "by",
    title: "Created by",
    answer: ({ createdBy }, { me }) => (createdBy.kind !== "person" ? "agents" : createdBy.id === me ? "me" : "people"),
    label: oneOf(MAKERS),
    order: Object.keys(MAKERS),
  },
];

/** What is wanted, by the facet's name. A facet that is not in it wants everything. */
export type Wanted = ReadonlyMap<string, readonly string[]>;

export function wantedIn(query: URLSearchParams): Wanted {
  const named = FACETS.map(({ name }) => [name, [...new Set(query.getAll(name))]] as const);
  return new Map(named.filter(([, answers]) => answers.length > 0));
}

/** The address's query with one answer more, or without it. */
export function toggled(query: URLSearchParams, name: string, answer: string): URLSearchParams {
  const next = new URLSearchParams(query);
  if (next.has(name, answer)) next.delete(name, answer);
  else next.append(name, answer);
  return next;
}

/** The address's query without any filter. */
export function cleared(query: URLSearchParams): URLSearchParams {
  const next = new URLSearchParams(query);
  for (const { name } of FACETS) next.delete(name);
  return next;
}

/** What of the address's query says which tasks are shown and how; what is done to one of them does not belong to it. */
export function lasting(query: URLSearchParams): string {
  const next = new URLSearchParams(query);
  for (const passing of ["edit", "new"]) next.delete(passing);
  return next.size > 0 ? `?${next}` : "";
}

/** What agents keep on lists has a place of its own: among all tasks it stands only where a list is asked for, or words are. */
export const withoutLists = (wanted: Wanted, words: readonly string[], listed: readonly Listed[]): Wanted =>
  wanted.has("list") || words.length > 0 || listed.length === 0 ? wanted : new Map([...wanted, ["list", [""]]]);

/** Whether a task answers as it is wanted; null: every one does. */
export function passing(wanted: Wanted, eyes: Eyes, but: Facet | null = null): ((task: Task) => boolean) | null {
  const asked = FACETS.flatMap((facet) => {
    const answers = facet === but ? undefined : wanted.get(facet.name);
    return answers ? [{ facet, answers }] : [];
  });
  if (asked.length === 0) return null;
  return (task) => asked.every(({ facet, answers }) => answers.includes(facet.answer(task, eyes)));
}

export function filter(tasks: readonly Task[], wanted: Wanted, eyes: Eyes, but: Facet | null = null): readonly Task[] {
  const passes = passing(wanted, eyes, but);
  return passes === null ? tasks : tasks.filter(passes);
}

export interface Answer {
  value: string;
  label: string;
  count: number;
  wanted: boolean;
}

/** The answers of a facet, each with how many tasks it would show beside the other filters. */
export function answersOf(facet: Facet, tasks: readonly Task[], wanted: Wanted, eyes: Eyes): Answer[] {
  const chosen = wanted.get(facet.name) ?? [];
  const counts = new Map<string, number>(chosen.map((value) => [value, 0]));
  for (const task of filter(tasks, wanted, eyes, facet)) {
    const value = facet.answer(task, eyes);
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const place = (value: string): number =>
    facet.order.includes(value) ? facet.order.indexOf(value) : facet.order.length;
  return [...counts]
    .map(([value, count]) => ({ value, label: facet.label(value, eyes), count, wanted: chosen.includes(value) }))
    .sort((one, other) => place(one.value) - place(other.value) || one.label.localeCompare(other.label));
}
