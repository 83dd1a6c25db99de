// From one task of a picture to the next by arrow keys: along the arrows from left to right and back, along the column up and down.
import { CARD, type Layout } from "./layout";
import type { Shape } from "./shape";

export type Way = "left" | "right" | "up" | "down";

/** Where a step leads; the same place: nowhere. Where no arrow leads on, it leads to whatever stands nearest on that side. */
export function stepFrom(layout: Layout, shape: Shape, from: number, way: Way): number {
  const { x, y } = layout;
  const [atX, atY] = [x[from] ?? 0, y[from] ?? 0];
  const across = way === "left" || way === "right";
  const sign = way === "left" || way === "up" ? -1 : 1;
  const along = across ? (way === "left" ? shape.before : shape.after)[from] : undefined;
  const isThere = (to: number): boolean => {
    const ahead = across ? (x[to] ?? 0) - atX : (y[to] ?? 0) - atY;
    return ahead * sign > 0;
  };
  const all = along !== undefined && along.length > 0 ? along : [...x.keys()].filter(isThere);
  /** What lies aside counts more than what lies ahead: a step goes straight if it can. */
  const away = (to: number): number => {
    const [dx, dy] = [Math.abs((x[to] ?? 0) - atX), Math.abs((y[to] ?? 0) - atY)];
    return across ? dx + 3 * dy : dy + 3 * dx;
  };
  return all.reduce((best, to) => (best === from || away(to) < away(best) ? to : best), from);
}

/** Where the walk begins: at the upper left of all. */
export const firstOf = ({ x, y }: Layout): number =>
  [...x.keys()].reduce(
    (best, at) =>
      (x[at] ?? 0) * CARD.height + (y[at] ?? 0) < (x[best] ?? 0) * CARD.height + (y[best] ?? 0) ? at : best,
    0,
  );
