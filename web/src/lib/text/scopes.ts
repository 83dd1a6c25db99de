// What a token opens, in the words that people choose by.
import type { Scope } from "../model/types";

export interface ScopeWords {
  scope: Scope;
  label: string;
  opens: string;
}

export const SCOPES: readonly ScopeWords[] = [
  {
    scope: "agent",
    label: "Works and asks",
    opens: "Takes tasks, files tasks for people and for other agents, writes in threads, hears the answers.",
  },
  {
    scope: "ask",
    label: "Asks people",
    opens: "Files tasks for people, writes in threads, hears the answers. Takes no work and gives none to agents.",
  },
  {
    scope: "read",
    label: "Only reads",
    opens: "Looks at the workspace, its tasks, threads and files. Writes nothing and is told nothing.",
  },
];

/** The widest of a token's scopes: it includes the others. */
export function widest(scopes: readonly Scope[]): ScopeWords {
  const found = SCOPES.find(({ scope }) => scopes.includes(scope));
  if (!found) throw new RangeError(`a token has at least one scope, not ${JSON.stringify(scopes)}`);
  return found;
}
