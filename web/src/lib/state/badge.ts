// How much waits, where the page itself is not looked at: the tab's icon, and the installed app's badge.
import { whenIdle } from "../idle";

const WAITS = "/icon.svg";
const QUIET = "/icon-quiet.svg";

let last: number | null = null;

/** Shows it soon: whoever looks at the page sees it there. */
export function showBadge(waiting: number): void {
  if (last === null) whenIdle(show);
  last = waiting;
}

function show(): void {
  const waiting = last ?? 0;
  last = null;
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  // The bead rests with the person while something waits, else with the agents.
  const href = waiting > 0 ? WAITS : QUIET;
  if (icon && icon.getAttribute("href") !== href) icon.setAttribute("href", href);
  // Only installed apps have one; others say no, and nothing is lost.
  if ("setAppBadge" in navigator)
    void (waiting > 0 ? navigator.setAppBadge(waiting) : navigator.clearAppBadge()).catch(() => {});
}
