// Where the tasks of a graph stand: wave by wave from left to right, in each column so that few arrows cross and most run straight.
import { wavesOf, type Shape } from "./shape";

/** The size of a task in the picture, and the room between two. All measures are its pixels at their natural size. */
export const CARD = { width: 216, height: 56, across: 72, down: 16 };
/** The room that an arrow has where it passes a column. */
const LANE = 20;
/** Tasks that are in no arrow stand below the others, this far. */
const BELOW = 48;
/** More bends than this take more time than they make clear: long arrows run straight then. */
const BENDS = 20_000;
const SWEEPS = 8;
/** A wave of more tasks than this may be more than one column: the picture becomes about as wide beside its height as a screen is. */
const LEAST_ROWS = 12;
const SCREEN = 1.6;

export interface Arrow {
  from: number;
  to: number;
  /** The heights at which it passes the columns between its ends. */
  passes: readonly number[];
}

export interface Layout {
  /** The column of each task, from 0. */
  columns: readonly number[];
  /** Where each wave begins, from the left. */
  waves: readonly number[];
  /** The upper left corner of each task. */
  x: readonly number[];
  y: readonly number[];
  arrows: readonly Arrow[];
  /** The tasks in no arrow: they stand below the others, whatever their wave. */
  loose: readonly number[];
  width: number;
  height: number;
}

/** A task, or the place where an arrow passes a column. */
interface Place {
  /** Half the room that it needs. */
  half: number;
  /** Its neighbours in the column before and in the one after. */
  left: Place[];
  right: Place[];
  /** Where it stands among its column. */
  order: number;
  /** In the middle of which neighbours it wants to stand. */
  middle: number;
  /** Its own middle. */
  y: number;
}

const step = CARD.width + CARD.across;
const row = CARD.height + CARD.down;

export function layoutOf(shape: Shape): Layout {
  const all = [...shape.ids.keys()];
  const isLoose = (at: number): boolean => shape.before[at]?.length === 0 && shape.after[at]?.length === 0;
  const loose = all.filter(isLoose);
  const linked = all.filter((at) => !isLoose(at));
  const { column: columnOf, waves } = columnsOf(shape, linked);

  const columns: Place[][] = [];
  const put = (column: number, half: number): Place => {
    const places = (columns[column] ??= []);
    const place: Place = { half, left: [], right: [], order: places.length, middle: 0, y: 0 };
    places.push(place);
    return place;
  };
  const places = new Map(linked.map((at) => [at, put(columnOf[at] ?? 0, row / 2)]));
  const ends = linked.flatMap((from) => (shape.after[from] ?? []).map((to) => ({ from, to })));
  const bends = ends.reduce((sum, { from, to }) => sum + (columnOf[to] ?? 0) - (columnOf[from] ?? 0) - 1, 0);
  const ways = ends.map(({ from, to }) => {
    const way: Place[] = [];
    let last = places.get(from);
    const end = places.get(to);
    const join = (place: Place | undefined): void => {
      if (last && place) {
        last.right.push(place);
        place.left.push(last);
      }
      last = place;
    };
    for (let column = (columnOf[from] ?? 0) + 1; bends <= BENDS && column < (columnOf[to] ?? 0); column++) {
      const pass = put(column, LANE / 2);
      way.push(pass);
      join(pass);
    }
    join(end);
    return { from, to, way };
  });

  untangle(columns);
  straighten(columns);
  const top = Math.min(0, ...columns.map(([first]) => (first ? first.y - first.half : 0)));
  const bottom = Math.max(0, ...columns.map((column) => (column.at(-1)?.y ?? 0) + (column.at(-1)?.half ?? 0)));

  // What is in no arrow fills rows as wide as the rest, or about as wide as a screen is beside its height.
  const wide = Math.max(
    columns.length,
    Math.min(loose.length, Math.ceil(Math.sqrt((loose.length * row * SCREEN) / step))),
  );
  const from = linked.length > 0 ? bottom - top + (loose.length > 0 ? BELOW : 0) : 0;
  const x: number[] = all.map((at) => (columnOf[at] ?? 0) * step);
  const y: number[] = all.map((at) => (places.get(at)?.y ?? 0) - top - CARD.height / 2);
  for (const [index, at] of loose.entries()) {
    x[at] = (index % wide) * step;
    y[at] = from + Math.floor(index / wide) * row;
  }
  const rows = Math.ceil(loose.length / Math.max(1, wide));
  return {
    columns: columnOf,
    waves: waves.map((column) => column * step),
    x,
    y,
    arrows: ways.map(({ from, to, way }) => ({ from, to, passes: way.map((pass) => pass.y - top) })),
    loose,
    width: Math.max(0, wide * step - CARD.across),
    height: Math.max(0, from + rows * row - (loose.length > 0 ? CARD.down : 0)),
  };
}

/**
 * The column of each task that is in an arrow, and the first of each wave. Where a wave is more than one, those that others wait for stand in
 * the last of them, next to these.
 */
function columnsOf(shape: Shape, linked: readonly number[]): { column: number[]; waves: number[] } {
  const waveOf = wavesOf(shape);
  const waves: number[][] = [];
  for (const at of linked) (waves[waveOf[at] ?? 0] ??= []).push(at);
  const rows = Math.max(LEAST_ROWS, Math.ceil(Math.sqrt((linked.length * step) / (row * SCREEN))));
  const column: number[] = shape.ids.map(() => 0);
  let first = 0;
  const begins = waves.map((wave) => {
    const many = Math.ceil(wave.length / rows);
    const isEnd = (at: number): number => Number(shape.after[at]?.length === 0);
    const ordered = many === 1 ? wave : wave.toSorted((one, other) => isEnd(other) - isEnd(one));
    for (const [index, at] of ordered.entries()) column[at] = first + Math.floor((index * many) / wave.length);
    first += many;
    return first - many;
  });
  return { column, waves: begins };
}

/** Puts each column in the order of the middles of its neighbours, from one side and then from the other (barycenters). */
function untangle(columns: readonly Place[][]): void {
  const middle = (around: readonly Place[], otherwise: number): number =>
    around.length === 0 ? otherwise : around.reduce((sum, { order }) => sum + order, 0) / around.length;
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const forth = sweep % 2 === 0;
    for (const column of forth ? columns : columns.toReversed()) {
      for (const place of column) place.middle = middle(forth ? place.left : place.right, place.order);
      column.sort((one, other) => one.middle - other.middle || one.order - other.order);
      for (const [order, place] of column.entries()) place.order = order;
    }
  }
}

/** Moves what stands in a column towards its neighbours, as far as there is room: arrows become straight. */
function straighten(columns: readonly Place[][]): void {
  for (const column of columns) settle(column, () => 0);
  const mean = (around: readonly Place[], otherwise: number): number =>
    around.length === 0 ? otherwise : around.reduce((sum, { y }) => sum + y, 0) / around.length;
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const forth = sweep % 2 === 0;
    const around = (place: Place): readonly Place[] => {
      if (sweep >= SWEEPS - 2) return [...place.left, ...place.right];
      return forth ? place.left : place.right;
    };
    for (const column of forth ? columns : columns.toReversed())
      settle(column, (place) => mean(around(place), place.y));
  }
}

/**
 * Gives all of a column the heights nearest to those that are wanted (least squares) at which each has its room: those that come
 * too close become a group, and a group stands in the middle of what its members want (pool adjacent violators).
 */
function settle(column: readonly Place[], wanted: (place: Place) => number): void {
  const groups: { sum: number; size: number; from: number }[] = [];
  const offsets: number[] = [];
  let offset = 0;
  for (const [at, place] of column.entries()) {
    offset += at === 0 ? 0 : (column[at - 1]?.half ?? 0) + place.half;
    offsets.push(offset);
    let group = { sum: wanted(place) - offset, size: 1, from: at };
    for (let last = groups.at(-1); last && last.sum / last.size >= group.sum / group.size; last = groups.at(-1)) {
      group = { sum: last.sum + group.sum, size: last.size + group.size, from: last.from };
      groups.pop();
    }
    groups.push(group);
  }
  for (const { sum, size, from } of groups)
    for (let at = from; at < from + size; at++) {
      const place = column[at];
      if (place) place.y = sum / size + (offsets[at] ?? 0);
    }
}
