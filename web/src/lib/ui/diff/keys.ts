// The keys of a diff, wherever in the pane somebody reads: to the next and the last place that changed, and "this file is viewed".
import { onShortcut } from "../../state/keys";

/** For the element that the diffs scroll in. */
export function diffKeys(scroller: HTMLElement): () => void {
  const undoings = [
    onShortcut("nextHunk", () => walk(scroller, 1)),
    onShortcut("previousHunk", () => walk(scroller, -1)),
    onShortcut("viewed", () => tick(scroller)),
  ];
  return () => undoings.forEach((undo) => undo());
}

function tick(scroller: HTMLElement): boolean {
  const box = fileInSight(scroller)?.querySelector<HTMLInputElement>("[data-viewed]");
  box?.click();
  return box !== undefined && box !== null;
}

const topOf = (element: Element): number => element.getBoundingClientRect().top;

function walk(scroller: HTMLElement, step: 1 | -1): boolean {
  const hunks = [...scroller.querySelectorAll<HTMLElement>("[data-hunk]")];
  if (hunks.length === 0) return false;
  const at = hunks.findIndex((hunk) => hunk === document.activeElement);
  // From where the focus is, else from what is seen: below the head of a file, which stays in sight.
  const seen = scroller.getBoundingClientRect().top + 80;
  const next =
    at >= 0
      ? hunks[at + step]
      : step > 0
        ? hunks.find((hunk) => topOf(hunk) > seen)
        : hunks.findLast((hunk) => topOf(hunk) < seen - 44);
  if (next) {
    next.scrollIntoView({ block: "start" });
    next.focus({ preventScroll: true });
    // What is far away does not stand in the page yet: it comes as one gets there.
  } else scroller.scrollBy({ top: step * scroller.clientHeight * 0.8 });
  return true;
}

function fileInSight(scroller: HTMLElement): Element | null {
  const focused = document.activeElement?.closest("[data-file]");
  if (focused && scroller.contains(focused)) return focused;
  const seen = scroller.getBoundingClientRect();
  return (
    [...scroller.querySelectorAll("[data-file]")].find((file) => {
      const { top, bottom } = file.getBoundingClientRect();
      return bottom > seen.top + 40 && top < seen.bottom;
    }) ?? null
  );
}
