// The states of every view by name: what the quality bars are checked on, and what the pictures are taken of.
//
// A state is {name, at(world), shows(page)}: its address (which may take a while to make), and what stands on the page once it is there.
// `before(page)` is done to an empty page (what a page is to miss is kept from it there: a page that is open reads ahead); `enter(page, world)` are
// steps into it;
// `expects` are errors that belong to it; `alone` and `signedOut` ask for a browser profile of its own.
import { entry } from "./entry.mjs";
import { needsYou } from "./needs-you.mjs";
import { task } from "./task.mjs";
import { tasks, tenThousand } from "./tasks.mjs";
import { trouble } from "./trouble.mjs";
import { workspace } from "./workspace.mjs";

export const states = [...entry, ...needsYou, ...task, ...tasks, ...workspace, ...trouble, ...tenThousand];

export function stateNamed(name) {
  const found = states.find((state) => state.name === name);
  if (!found) throw new Error(`there is no state "${name}"`);
  return found;
}
