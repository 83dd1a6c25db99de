// What hands do with a picture: one moves it, two zoom it, a wheel does too, and a tap points at something.
import type { Attachment } from "svelte/attachments";

/** Points are those of the picture's own room. */
export interface Hands {
  move(dx: number, dy: number): void;
  zoom(by: number, x: number, y: number): void;
  /** `reach`: how far beside something one may point at it. */
  tap(x: number, y: number, reach: number): void;
}

/** What moves less than this is a tap. */
const STILL = 5;
/** Half of what a thumb hits. */
const THUMB = 22;
const LINE = 16;

export const gestures =
  (hands: Hands): Attachment<HTMLElement> =>
  (node) => {
    const down = new Map<number, { x: number; y: number }>();
    let isStill = false;
    let begun = { x: 0, y: 0 };

    const at = (event: MouseEvent): { x: number; y: number } => {
      const { left, top } = node.getBoundingClientRect();
      return { x: event.clientX - left, y: event.clientY - top };
    };
    const press = (event: PointerEvent): void => {
      if (event.button !== 0) return;
      node.setPointerCapture(event.pointerId);
      isStill = down.size === 0;
      begun = at(event);
      down.set(event.pointerId, begun);
    };
    const move = (event: PointerEvent): void => {
      const was = down.get(event.pointerId);
      if (!was) return;
      const is = at(event);
      if (Math.hypot(is.x - begun.x, is.y - begun.y) > STILL) isStill = false;
      if (isStill) return;
      down.set(event.pointerId, is);
      const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
      if (!other) return hands.move(is.x - was.x, is.y - was.y);
      // The middle between two fingers stays where it is, and moves with them.
      const [before, after] = [
        Math.hypot(was.x - other.x, was.y - other.y),
        Math.hypot(is.x - other.x, is.y - other.y),
      ];
      hands.move((is.x - was.x) / 2, (is.y - was.y) / 2);
      if (before > 0) hands.zoom(after / before, (is.x + other.x) / 2, (is.y + other.y) / 2);
    };
    const lift = (event: PointerEvent): void => {
      if (!down.delete(event.pointerId) || !isStill || event.type !== "pointerup") return;
      hands.tap(begun.x, begun.y, event.pointerType === "mouse" ? 4 : THUMB);
    };
    const wheel = (event: WheelEvent): void => {
      // A page that is scrolled past a picture goes on: it is zoomed with a key held, by fingers on a touchpad, or while it is being looked at.
      if (!event.ctrlKey && !event.metaKey && !node.contains(document.activeElement)) return;
      event.preventDefault();
      const { x, y } = at(event);
      const turned = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE);
      // What a touchpad makes of two fingers comes in small steps.
      hands.zoom(Math.exp(-turned * (event.ctrlKey ? 0.01 : 0.0015)), x, y);
    };

    const heard: [string, (event: never) => void][] = [
      ["pointerdown", press],
      ["pointermove", move],
      ["pointerup", lift],
      ["pointercancel", lift],
      ["wheel", wheel],
    ];
    for (const [name, hear] of heard) node.addEventListener(name, hear as EventListener, { passive: false });
    return () => {
      for (const [name, hear] of heard) node.removeEventListener(name, hear as EventListener);
    };
  };
