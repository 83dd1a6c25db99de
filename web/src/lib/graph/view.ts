// How much of a picture is seen, and where: zooming, moving and finding, by arithmetic alone.

/** A point of the picture is seen at `x + scale * its x`. */
export interface View {
  x: number;
  y: number;
  scale: number;
}
export interface Size {
  width: number;
  height: number;
}
export interface Box extends Size {
  x: number;
  y: number;
}

/** The room around a picture that is seen as a whole. */
const MARGIN = 24;
const LARGEST = 2;
/** A picture of ten thousand tasks is still seen as a whole. */
const SMALLEST = 0.01;

/** The whole picture, never larger than it is. */
export function fit(picture: Size, room: Size): View {
  const fits = Math.min(
    (room.width - 2 * MARGIN) / Math.max(1, picture.width),
    (room.height - 2 * MARGIN) / Math.max(1, picture.height),
  );
  return centred(picture, Math.min(1, Math.max(SMALLEST, fits)), room);
}

const centred = (picture: Size, scale: number, room: Size): View => ({
  scale,
  x: (room.width - picture.width * scale) / 2,
  y: (room.height - picture.height * scale) / 2,
});

/** Nearer or further, with the point of the screen that is pointed at staying where it is. */
export function zoomed(view: View, by: number, x: number, y: number, smallest: number): View {
  const scale = Math.min(LARGEST, Math.max(Math.min(smallest, view.scale), view.scale * by));
  const grown = scale / view.scale;
  return { scale, x: x - (x - view.x) * grown, y: y - (y - view.y) * grown };
}

export const moved = (view: View, dx: number, dy: number): View => ({ ...view, x: view.x + dx, y: view.y + dy });

/** Some of the picture is always seen: nobody gets lost beside it. */
export function held(view: View, picture: Size, room: Size): View {
  const least = Math.min(96, room.width / 3, room.height / 3);
  const within = (at: number, long: number, room: number): number => Math.min(room - least, Math.max(least - long, at));
  return {
    scale: view.scale,
    x: within(view.x, picture.width * view.scale, room.width),
    y: within(view.y, picture.height * view.scale, room.height),
  };
}

/** The least move after which all of a box is seen, as far as it fits. `covered` is what something else hides at the foot. */
export function bring(view: View, box: Box, room: Size, covered = 0): View {
  const move = (at: number, long: number, room: number): number => {
    if (at < MARGIN || long > room - 2 * MARGIN) return MARGIN - at;
    return Math.min(0, room - MARGIN - at - long);
  };
  return {
    scale: view.scale,
    x: view.x + move(view.x + box.x * view.scale, box.width * view.scale, room.width),
    y: view.y + move(view.y + box.y * view.scale, box.height * view.scale, room.height - covered),
  };
}

/** With this box in the middle. */
export const middle = (box: Box, scale: number, room: Size): View => ({
  scale,
  x: room.width / 2 - (box.x + box.width / 2) * scale,
  y: room.height / 2 - (box.y + box.height / 2) * scale,
});

/** What is drawn is as many times as wide and as high as what is seen, */
const AROUND = 2;
/** and stays until it would be this many times. */
const MOST = 5;

/**
 * The part of the picture that is drawn: what is seen and as much around it. What was drawn `before` is drawn on, as long as it holds what is seen
 * and is not much too large: a small move or a little zooming draws nothing anew.
 */
export function seen(view: View, room: Size, before: Box | null = null): Box {
  const [width, height] = [room.width / view.scale, room.height / view.scale];
  const [x, y] = [-view.x / view.scale, -view.y / view.scale];
  const holds =
    before !== null &&
    before.x <= x &&
    before.y <= y &&
    x + width <= before.x + before.width &&
    y + height <= before.y + before.height;
  if (holds && before.width <= MOST * width) return before;
  const more = (AROUND - 1) / 2;
  return { x: x - more * width, y: y - more * height, width: AROUND * width, height: AROUND * height };
}

export const meet = (one: Box, other: Box): boolean =>
  one.x < other.x + other.width &&
  other.x < one.x + one.width &&
  one.y < other.y + other.height &&
  other.y < one.y + one.height;

/** Which of these boxes of one size is pointed at: the one under the point, else the nearest within reach; -1: none. */
export function nearest(
  x: readonly number[],
  y: readonly number[],
  size: Size,
  at: { x: number; y: number },
  reach: number,
): number {
  let [found, best] = [-1, reach];
  for (const index of x.keys()) {
    const [left, top] = [x[index] ?? 0, y[index] ?? 0];
    const away = Math.hypot(
      Math.max(0, left - at.x, at.x - left - size.width),
      Math.max(0, top - at.y, at.y - top - size.height),
    );
    if (away <= best && (found < 0 || away < best)) [found, best] = [index, away];
  }
  return found;
}
