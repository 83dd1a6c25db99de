// A picture's lines as SVG has them: many in one path, so that a thousand cost no more elements than one.
import { CARD, type Arrow, type Layout } from "./layout";
import { meet, type Box } from "./view";

const step = CARD.width + CARD.across;
const round = (value: number): number => Math.round(value * 10) / 10;

/** Where a task stands. */
export const boxOf = ({ x, y }: Layout, at: number): Box => ({
  x: x[at] ?? 0,
  y: y[at] ?? 0,
  width: CARD.width,
  height: CARD.height,
});

export const cardsIn = (layout: Layout, part: Box): number[] =>
  [...layout.x.keys()].filter((at) => meet(boxOf(layout, at), part));

export function arrowsIn(layout: Layout, part: Box): Arrow[] {
  return layout.arrows.filter(({ from, to, passes }) => {
    const [start, end] = [boxOf(layout, from), boxOf(layout, to)];
    const heights = [start.y, end.y, ...passes];
    const [top, bottom] = [Math.min(...heights), Math.max(...heights)];
    return meet({ x: start.x, y: top, width: end.x - start.x, height: bottom - top + CARD.height }, part);
  });
}

/** Arrows from the right of a task to the left of another; they pass the columns between at a height of their own. */
export function arrowPath(layout: Layout, arrows: readonly Arrow[]): string {
  return arrows
    .map(({ from, to, passes }) => {
      const [start, end] = [boxOf(layout, from), boxOf(layout, to)];
      let [x, y] = [start.x + CARD.width, start.y + CARD.height / 2];
      let path = `M${x} ${round(y)}`;
      const bend = (toX: number, toY: number): void => {
        const half = (toX - x) / 2;
        path +=
          Math.abs(toY - y) < 0.5
            ? `H${toX}`
            : `C${x + half} ${round(y)} ${toX - half} ${round(toY)} ${toX} ${round(toY)}`;
        [x, y] = [toX, toY];
      };
      for (const [index, height] of passes.entries()) {
        const column = start.x + (index + 1) * step;
        bend(column, height);
        bend(column + CARD.width, height);
      }
      bend(end.x - 2, end.y + CARD.height / 2);
      return `${path}m-7 -5l7 5l-7 5`;
    })
    .join("");
}

/** The outlines of tasks, with their corners rounded off a little. */
export function boxPath(layout: Layout, tasks: readonly number[]): string {
  const [wide, high, corner] = [CARD.width - 12, CARD.height - 12, 6];
  return tasks
    .map((at) => {
      const { x, y } = boxOf(layout, at);
      const arc = (dx: number, dy: number): string => `a${corner} ${corner} 0 0 1 ${dx} ${dy}`;
      return (
        `M${x + corner} ${round(y)}h${wide}${arc(6, 6)}v${high}${arc(-6, 6)}h${-wide}` +
        `${arc(-6, -6)}v${-high}${arc(6, -6)}z`
      );
    })
    .join("");
}

/** The marks of what was given up: a cross over the whole of a task. */
export const crossPath = (layout: Layout, tasks: readonly number[]): string =>
  tasks
    .map((at) => {
      const { x, y } = boxOf(layout, at);
      const side = CARD.height;
      return `M${x + (CARD.width - side) / 2} ${round(y)}l${side} ${side}m0 ${-side}l${-side} ${side}`;
    })
    .join("");
