// Words that should make a reader slow down, with the passage that says so. They describe the text; they decide nothing. core finds them.
import type { Task } from "../model/types";
import { rules } from "../sync/replica";

export interface Risk {
  word: string;
  reason: string;
  /** What is done cannot be taken back: a yes to it takes a moment longer. */
  high: boolean;
}

/** At most three, the gravest first. */
export const risksOf = (text: string): Risk[] =>
  rules()
    .risks(text)
    .map(({ word, high, passage }) => ({
      word,
      high,
      reason:
        passage === null
          ? "It contains characters that hide or reorder text. The exact text shows them."
          : `It says “${passage}”.`,
    }));

/** The words alone, of the whole of a task. Of one that was written before they were noted, as far as its excerpt goes. */
export const risksIn = ({ risks, title, excerpt }: Task): readonly string[] =>
  risks ?? risksOf(`${title}\n${excerpt}`).map(({ word }) => word);
