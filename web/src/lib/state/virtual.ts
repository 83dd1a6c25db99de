// Where the rows of a long list stand, by arithmetic alone: all rows are equally high, and before some of them stands a
// heading. Only what can be seen is ever made.

export interface Shape {
  /** How many rows. */
  count: number;
  row: number;
  heading: number;
  /** The rows, in order, that have a heading before them. */
  headed: readonly number[];
}

/** How many of these ascending numbers are at most `limit`. */
function upTo(numbers: readonly number[], limit: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? 0) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Which heading a row stands under, -1 for none. */
export const headingOf = (shape: Shape, row: number): number => upTo(shape.headed, row) - 1;

/** Where a row begins; the row after the last begins where the list ends. */
export const topOf = (shape: Shape, row: number): number =>
  row * shape.row + (row < shape.count ? upTo(shape.headed, row) : shape.headed.length) * shape.heading;

export const heightOf = (shape: Shape): number => topOf(shape, shape.count);

/** Where a heading begins. */
export const topOfHeading = (shape: Shape, heading: number): number =>
  (shape.headed[heading] ?? 0) * shape.row + heading * shape.heading;

export interface Span {
  /** The first row, and the one after the last. */
  from: number;
  to: number;
}

/** The rows of which something stands between these two heights. A row's own heading counts as part of it. */
export function rowsBetween(shape: Shape, top: number, bottom: number): Span {
  if (bottom <= 0 || top >= heightOf(shape) || bottom <= top) return { from: 0, to: 0 };
  return { from: rowAt(shape, top), to: rowAt(shape, bottom - 1) + 1 };
}

/** The row at this height; above the first it is the first, below the last the last. */
function rowAt(shape: Shape, y: number): number {
  let low = 0;
  let high = shape.count - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (topOf(shape, middle) + shape.row > y) high = middle;
    else low = middle + 1;
  }
  return Math.max(0, low);
}
