// A first visit, of which this browser keeps nothing yet: what will be shown is asked for at once, side by side, while the rules are on their way.
import { askEarly, forgetEarly, sessionKey } from "../api/http";
import { snapshotPath } from "../api/tasks";
import type { Id } from "../model/types";
import { belongs } from "./belongings";

/** `workspace`: the one whose tasks will be shown, where that is known. */
export function askForFirst(workspace: Id | null): void {
  // A page that is kept has what it shows; without a session nobody is answered.
  if (navigator.serviceWorker?.controller || sessionKey() === null) return;
  askEarly("/api/session");
  askEarly("/api/workspaces");
  if (workspace !== null) askEarly(snapshotPath(workspace));
}

belongs({ forget: forgetEarly });
