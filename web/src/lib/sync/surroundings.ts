// What a copy of a workspace needs of the tab that it lives in, and what it tells whoever shows it.
import type { Problem } from "../api/problem";
import type { Archive } from "../db/archive";
import type { RefusalRow } from "../db/tables";
import type { Frame } from "../model/sync";
import type { Id, Task } from "../model/types";
import type { Core } from "./replica";
import type { Word } from "./words";

/** A frame of a commit that has taken effect, and its task as it was before. */
export interface Told {
  frame: Frame;
  before: Task | null;
}

export interface CopyHandlers {
  /** A commit has taken effect. */
  committed: (told: Told[]) => void;
  /** Anything may have changed. What is known of the tasks already, newest first, is given along: the replica says how they have changed since. */
  renewed: (known: Task[] | null) => void;
  /** Something may have changed: the replica says what. */
  touched: () => void;
  /** Others know of these refusals as well, from before or from another tab. */
  refused: (rows: RefusalRow[], fresh: boolean) => void;
  dismissed: (commands: Id[]) => void;
  /** Words that were begun and not sent. */
  drafts: (drafts: Record<Id, string>) => void;
  /** How many wait, and which, has changed. */
  queueChanged: () => void;
  /** Why it cannot begin just now; null: it has. */
  trouble: (problem: Problem | null) => void;
  /** No try will bring this workspace back. */
  lost: (problem: Problem) => void;
}

/** What a copy needs of the tab that it lives in. */
export interface Surroundings {
  core: Core;
  archive: Archive;
  /** Does this tab keep what the stream brings? */
  leads: () => boolean;
  say: (word: Word) => void;
  /** There is something to send. */
  wake: (workspace: Id) => void;
  /** What the server writes cannot be read here: this page is of another version. */
  misfit: () => void;
}
