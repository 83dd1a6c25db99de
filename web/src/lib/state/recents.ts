// What was looked at or done last, newest first: the palette begins with it. For as long as the page lives.
import { belongs } from "./belongings";

const KEPT = 8;
let list: readonly string[] = [];

export const recents = (): readonly string[] => list;

export function note(id: string): void {
  list = [id, ...list.filter((one) => one !== id)].slice(0, KEPT);
}

belongs({ forget: () => (list = []) });
