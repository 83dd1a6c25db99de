// Lifts cards of the board with a mouse (it moves) or a finger (it rests, so that scrolling stays scrolling), carries them
// over the columns, and scrolls the board at its edges.
import { COLUMNS } from "../state/columns";
import type { Lift } from "../state/lift.svelte";
import type { Task } from "../model/types";

const MOVED = 5;
const REST_MS = 350;
const EDGE = 40;

export function draggable(lift: Lift, find: (id: string) => Task | null): (board: HTMLElement) => () => void {
  return (board) => {
    let held: {
      card: HTMLElement;
      id: number;
      x: number;
      y: number;
      rest: ReturnType<typeof setTimeout> | null;
    } | null = null;
    let swallow = false;
    let scrolling = 0;
    let frame = 0;

    const carried = (): boolean => lift.at !== null;
    const follow = (x: number, y: number): void => {
      if (lift.at === null) return;
      lift.at = { ...lift.at, x, y };
      const over = document.elementFromPoint(x, y)?.closest<HTMLElement>("[data-column]")?.dataset["column"];
      lift.over = COLUMNS.find(({ key }) => key === over) ?? null;
      const { left, right } = board.getBoundingClientRect();
      scrolling = x < left + EDGE ? -1 : x > right - EDGE ? 1 : 0;
      if (scrolling !== 0 && frame === 0) frame = requestAnimationFrame(scroll);
    };
    const scroll = (): void => {
      frame = 0;
      if (scrolling === 0 || lift.at === null) return;
      board.scrollLeft += scrolling * 12;
      follow(lift.at.x, lift.at.y);
    };
    const begin = (x: number, y: number): void => {
      const task = held && find(held.card.dataset["task"] ?? "");
      if (!held || !task) return;
      lift.begin(task, { x, y, width: held.card.getBoundingClientRect().width });
      follow(x, y);
    };
    const letGo = (): void => {
      if (held?.rest) clearTimeout(held.rest);
      held = null;
      scrolling = 0;
    };

    const down = (event: PointerEvent): void => {
      const card = (event.target as Element).closest<HTMLElement>("a[data-task]");
      if (!card || event.button !== 0 || !event.isPrimary) return;
      const { pointerId: id, clientX: x, clientY: y } = event;
      swallow = false;
      const rest = event.pointerType === "touch" ? setTimeout(() => begin(x, y), REST_MS) : null;
      held = { card, id, x, y, rest };
    };
    const move = (event: PointerEvent): void => {
      if (held?.id !== event.pointerId) return;
      const far = Math.hypot(event.clientX - held.x, event.clientY - held.y) > MOVED;
      if (carried()) follow(event.clientX, event.clientY);
      else if (held.rest !== null && far) letGo();
      else if (held.rest === null && far) begin(event.clientX, event.clientY);
    };
    const up = (event: PointerEvent): void => {
      if (held?.id !== event.pointerId) return;
      letGo();
      if (!carried()) return;
      swallow = true;
      lift.drop();
    };
    const cancel = (event: PointerEvent): void => {
      if (held?.id !== event.pointerId) return;
      letGo();
      if (carried()) lift.cancel();
    };
    /** A card that was carried is not also opened. */
    const click = (event: MouseEvent): void => {
      if (!swallow) return;
      swallow = false;
      event.preventDefault();
      event.stopPropagation();
    };
    /** A finger that carries does not scroll, and one that rests opens no menu. */
    const touch = (event: TouchEvent): void => {
      if (carried() && event.cancelable) event.preventDefault();
    };
    const menu = (event: Event): void => {
      if (carried() || held?.rest) event.preventDefault();
    };
    const escape = (event: KeyboardEvent): void => {
      if (event.key !== "Escape" || !carried()) return;
      event.preventDefault();
      letGo();
      swallow = true;
      lift.cancel();
    };

    const listening = new AbortController();
    const on = { signal: listening.signal };
    board.addEventListener("pointerdown", down, on);
    addEventListener("pointermove", move, on);
    addEventListener("pointerup", up, on);
    addEventListener("pointercancel", cancel, on);
    addEventListener("keydown", escape, { ...on, capture: true });
    board.addEventListener("click", click, { ...on, capture: true });
    board.addEventListener("touchmove", touch, { ...on, passive: false });
    board.addEventListener("contextmenu", menu, on);
    board.addEventListener("dragstart", (event) => event.preventDefault(), on);
    return () => {
      listening.abort();
      cancelAnimationFrame(frame);
      letGo();
      lift.cancel();
    };
  };
}
