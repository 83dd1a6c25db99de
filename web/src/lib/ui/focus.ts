// Where the focus goes when what had it goes: it would fall to the beginning of the page, far from where somebody works.
import { tick } from "svelte";

/** Asked before a change is shown: if what has the focus in there does not outlive it, `to` says what has it next. */
export function keepFocus(within: Element | undefined, to: (had: Element) => HTMLElement | null | undefined): void {
  const had = document.activeElement;
  if (!(had instanceof HTMLElement) || within?.contains(had) !== true) return;
  void tick().then(() => {
    const isLost = document.activeElement === null || document.activeElement === document.body;
    // What is only moved loses it too.
    if (isLost) (had.isConnected ? had : to(had))?.focus();
  });
}
