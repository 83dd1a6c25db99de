// What a person changes about a task's place in its list: how urgent it is, whose, what holds it up, and what it waits for. What this page can decide is one
// command, what only the server can is another: what is asked for is shown at once wherever it can be.
import { reached, shapeOf, wayBetween } from "../graph/shape";
import type { Draft } from "../model/commands";
import { isListed, type Agent, type Id, type Listed, type Task } from "../model/types";
import { rules } from "../sync/replica";
import { agentLabel } from "../text/format";
import { titleOf } from "../text/listed";
import type { WayBack } from "./inverse";
import { nameOf, stuckBy } from "./work";

/** The priorities by how urgent they are, as both conventions of the field have them. */
export const PRIORITIES = [
  { value: "P0", label: "P0 · critical" },
  { value: "P1", label: "P1 · high" },
  { value: "P2", label: "P2 · medium" },
  { value: "P3", label: "P3 · low" },
  { value: "", label: "None" },
] as const;

export interface WorkForm {
  priority: string;
  /** Empty: nobody's. */
  owner: string;
  /** Empty: nothing holds it up. */
  blocked: string;
  waits: Id[];
}

export function formOf(task: Listed): WorkForm {
  const said = task.work.metadata?.["priority"];
  return {
    priority: PRIORITIES[rules().urgency(typeof said === "string" ? said : "")]?.value ?? "",
    owner: task.work.owner ?? "",
    blocked: stuckBy(task),
    waits: [...(task.work.blockedBy ?? [])],
  };
}

/** What of a form is asked for, with its way back where there is one. */
export interface Asked {
  draft: Draft;
  way: WayBack | null;
}

export function askedOf(task: Listed, was: WorkForm, is: WorkForm): Asked[] {
  const metadata: Record<string, string | null> = {};
  const before: Record<string, unknown> = {};
  const words: string[] = [];
  const note = (name: string, word: string, old: string, now: string): void => {
    if (old === now) return;
    metadata[name] = now === "" ? null : now;
    before[name] = task.work.metadata?.[name] ?? null;
    words.push(word);
  };
  note("priority", is.priority === "" ? "no priority" : is.priority, was.priority, is.priority);
  note("blocked_reason", is.blocked === "" ? "blocked no more" : "blocked", was.blocked, is.blocked.trim());
  const gone = was.waits.filter((id) => !is.waits.includes(id));
  const come = is.waits.filter((id) => !was.waits.includes(id));
  const given = is.owner === was.owner ? {} : { owner: is.owner === "" ? null : is.owner };
  if (is.owner !== was.owner) words.push(is.owner === "" ? "nobody's" : `for ${is.owner}`);
  if (gone.length > 0) words.push("waits for less");
  const noted = Object.keys(metadata).length > 0 ? { metadata } : {};
  const asked: Asked[] = [];
  const base = { type: "updateWork", task: task.id } as const;
  if (words.length > 0) {
    // Who loses what they have begun has to begin it anew: that no person can give back.
    const ends = task.status === "ongoing" && is.owner !== was.owner;
    const back: Draft = {
      ...base,
      ...("metadata" in noted ? { metadata: before } : {}),
      ...(is.owner === was.owner ? {} : { owner: was.owner === "" ? null : was.owner }),
      ...(gone.length > 0 ? { addBlockedBy: gone } : {}),
    };
    asked.push({
      draft: { ...base, ...noted, ...given, ...(gone.length > 0 ? { removeBlockedBy: gone } : {}) },
      way: ends ? null : { words: `${nameOf(task)}: ${words.join(", ")}`, drafts: [back] },
    });
  }
  if (come.length > 0)
    asked.push({
      draft: { ...base, addBlockedBy: come },
      way: { words: `${nameOf(task)}: waits for more`, drafts: [{ ...base, removeBlockedBy: come }] },
    });
  return asked;
}

export interface Candidate {
  task: Listed;
  /** The circle that it would close, as the names of those in it; empty: none. */
  circle: string;
}

/**
 * What a task may be made to wait for, of what is here: those of its list that fit the words or the number, the lowest numbers first. Whether
 * there is a circle the server decides; one that is seen here is not asked for.
 */
export function candidatesFor(
  task: Listed,
  all: readonly Task[],
  waits: readonly Id[],
  search: string,
  most: number,
): Candidate[] {
  const words = search.toLowerCase().split(/\s+/u).filter(Boolean);
  if (words.length === 0) return [];
  const list = all.filter((one): one is Listed => isListed(one) && one.work.list === task.work.list);
  const shape = shapeOf(list);
  const here = list.indexOf(task) >= 0 ? list.indexOf(task) : list.findIndex(({ id }) => id === task.id);
  const later = here < 0 ? new Set<number>() : reached(shape.after, here);
  const fits = (one: Listed): boolean => {
    const text = `${nameOf(one)} ${titleOf(one)} ${one.title}`.toLowerCase();
    return words.every((word) =>
      /^#?\d+$/u.test(word) ? nameOf(one).startsWith(`#${word.replace("#", "")}`) : text.includes(word),
    );
  };
  const numbered = (one: Listed): number => one.work.number ?? Infinity;
  return [...list.entries()]
    .filter(([, one]) => one.id !== task.id && !waits.includes(one.id) && fits(one))
    .sort(([, one], [, other]) => numbered(one) - numbered(other))
    .slice(0, most)
    .map(([at, one]) => {
      const way = later.has(at) ? wayBetween(shape.after, here, at) : [];
      const names = [...way, here].flatMap((place) => (list[place] ? [nameOf(list[place])] : []));
      return { task: one, circle: way.length > 0 ? names.join(" → ") : "" };
    });
}

/** To whom it can be given: the agents that are known, those that are there first, and whoever else has something of the list. */
export function ownersFor(
  task: Listed,
  agents: readonly Agent[],
  all: readonly Task[],
): { name: string; label: string }[] {
  const there = agents.toSorted(
    (one, other) =>
      Number(other.presence === "connected") - Number(one.presence === "connected") || (one.name < other.name ? -1 : 1),
  );
  const names = [
    ...there.map(({ name }) => name),
    ...all.flatMap(({ work }) => (work?.list === task.work.list && work.owner !== undefined ? [work.owner] : [])),
  ];
  const known = new Map(there.map((agent) => [agent.name, agent]));
  return [...new Set(names)].map((name) => {
    const away =
      known.get(name)?.presence === "connected" ? "" : known.has(name) ? " · not connected" : " · without a connection";
    return { name, label: `${agentLabel(name, agents)}${away}` };
  });
}
