// Where a reader stands in a thread: whoever is at its foot stays there as it grows, whoever reads further up is not moved.
import { tick } from "svelte";

/** Nearer than this counts as being there. */
const NEAR = 48;
/** This long before the head of what is loaded, more is asked for. */
const AHEAD = 800;

export class Place {
  atFoot = $state(true);
  /** Messages that have come below what is seen. */
  below = $state(0);
  #scroller: HTMLElement | null = null;
  #follows = false;
  #top = 0;

  /** `earlier` is asked for when somebody comes near the head of the messages from below. */
  constructor(readonly earlier: () => void) {}

  /** For the element that scrolls. */
  scroller = (node: HTMLElement): (() => void) => {
    this.#scroller = node;
    const onscroll = (): void => this.#scrolled(node);
    node.addEventListener("scroll", onscroll, { passive: true });
    return () => {
      node.removeEventListener("scroll", onscroll);
      this.#scroller = null;
    };
  };

  /** For what stands in it: pictures and rendered text come late and move the foot away. */
  content = (node: Element): (() => void) => {
    const observer = new ResizeObserver(() => this.#resized());
    observer.observe(node);
    return () => observer.disconnect();
  };

  toFoot(how: "smooth" | "instant"): void {
    this.below = 0;
    this.#follows = true;
    const still = how === "instant" || matchMedia("(prefers-reduced-motion: reduce)").matches;
    requestAnimationFrame(() =>
      this.#scroller?.scrollTo({ top: this.#scroller.scrollHeight, behavior: still ? "instant" : "smooth" }),
    );
  }

  /** Does something that changes what stands above, and leaves the first message in sight where it is. */
  async keeping(change: () => Promise<void>): Promise<void> {
    const scroller = this.#scroller;
    const anchor = scroller && firstInSight(scroller);
    const before = anchor?.getBoundingClientRect().top ?? 0;
    await change();
    await tick();
    if (scroller && anchor?.isConnected) scroller.scrollTop += anchor.getBoundingClientRect().top - before;
  }

  #scrolled(node: HTMLElement): void {
    const up = node.scrollTop < this.#top - 1;
    const down = node.scrollTop > this.#top + 1;
    this.#top = node.scrollTop;
    this.#look(node);
    if (up) this.#follows = false;
    else if (down && this.atFoot) this.#follows = true;
    if (!up) return;
    const head = node.querySelector("[data-earlier]")?.getBoundingClientRect().bottom;
    const seen = node.getBoundingClientRect();
    if (head !== undefined && head > seen.top - AHEAD && head < seen.bottom) this.earlier();
  }

  #resized(): void {
    const node = this.#scroller;
    if (!node) return;
    if (this.#follows) node.scrollTop = node.scrollHeight;
    this.#look(node);
  }

  #look(node: HTMLElement): void {
    this.atFoot = node.scrollHeight - node.scrollTop - node.clientHeight < NEAR;
    if (this.atFoot) this.below = 0;
  }
}

function firstInSight(scroller: HTMLElement): Element | null {
  const { top } = scroller.getBoundingClientRect();
  return (
    [...scroller.querySelectorAll("[data-message]")].find((message) => message.getBoundingClientRect().bottom > top) ??
    null
  );
}
