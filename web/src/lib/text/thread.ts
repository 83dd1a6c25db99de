// A thread as it is read: which message goes on where the last one left off, and where a new day begins.
import type { Actor, Message } from "../model/types";
import { day } from "./format";

/** Within this, one author goes on speaking. */
const TOGETHER = 5 * 60_000;

export interface Item {
  message: Message;
  /** The day that begins with it, in words. */
  day: string | null;
  /** It goes on with what its author has just said. */
  joined: boolean;
}

const same = (one: Actor, other: Actor): boolean =>
  one.kind === other.kind &&
  (one.kind !== "person" || other.kind !== "person" || one.id === other.id) &&
  (one.kind !== "agent" || other.kind !== "agent" || one.name === other.name);

/** An item is the very one of before where nothing about it has changed: the page leaves it alone then. */
const known = new WeakMap<Message, { item: Item; before: Message | undefined; now: number }>();

export function arrange(messages: readonly Message[], now: number): Item[] {
  return messages.map((message, index) => {
    const before = messages[index - 1];
    const last = known.get(message);
    if (last && last.before === before && last.now === now) return last.item;
    const item = itemOf(message, before, now);
    known.set(message, { item, before, now });
    return item;
  });
}

function itemOf(message: Message, before: Message | undefined, now: number): Item {
  const name = day(message.at, now);
  const begins = before === undefined || day(before.at, now) !== name;
  const joined =
    !begins &&
    same(before.author, message.author) &&
    before.verdict === null &&
    message.verdict === null &&
    Date.parse(message.at) - Date.parse(before.at) < TOGETHER;
  return { message, day: begins ? name : null, joined };
}

export interface Stretch {
  key: number;
  items: Item[];
}

/** By their places in the thread, so that earlier messages that arrive change no stretch but their own. */
export function inStretches(items: readonly Item[], length: number): Stretch[] {
  const stretches: Stretch[] = [];
  for (const item of items) {
    const key = Math.floor(item.message.index / length);
    const last = stretches.at(-1);
    // What is not sent yet has no place of its own, and stands at the end.
    if (last && (key <= last.key || item.message.pending)) last.items.push(item);
    else stretches.push({ key, items: [item] });
  }
  return stretches;
}

/** A text as a quotation in Markdown. */
export const quoted = (text: string): string =>
  text
    .trim()
    .split("\n")
    .map((line) => (line.trim() === "" ? ">" : `> ${line}`))
    .join("\n");
