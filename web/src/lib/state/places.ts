// Where each list was left, by its name: who comes back finds it there. For as long as the page lives.

const left = new Map<string, number>();
const REMEMBERED = 200;

export const placeOf = (name: string): number => left.get(name) ?? 0;

export function leaveAt(name: string, top: number): void {
  // A search makes a list a keystroke: the oldest are forgotten.
  left.delete(name);
  left.set(name, top);
  const [oldest] = left.keys();
  if (left.size > REMEMBERED && oldest !== undefined) left.delete(oldest);
}
