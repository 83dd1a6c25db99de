// Which words of a changed line have changed.
import { diffWordsWithSpace } from "diff";

export interface Part {
  text: string;
  changed: boolean;
}

/** Longer lines are data, not words. */
const MOST = 1000;
/** Past so many words that came or went, all that is told is that the line changed. */
const MOST_EDITS = 200;
/** Less in common than this, and the two lines have only their place in common. */
const LEAST = 0.35;

/** The line in parts, as seen from the one that it replaced, or that replaced it. */
export function wordsOf(line: string, partner: string | null): Part[] {
  const whole = [{ text: line, changed: false }];
  if (partner === null || line === partner || line.length > MOST || partner.length > MOST) return whole;
  const changes = diffWordsWithSpace(partner, line, { maxEditLength: MOST_EDITS });
  // Far apart, as far as it was looked at.
  if (changes === undefined) return whole;
  const same = changes
    .filter(({ added, removed }) => !added && !removed)
    .reduce((sum, { value }) => sum + value.trim().length, 0);
  if (same < LEAST * Math.max(line.trim().length, partner.trim().length)) return whole;
  return changes.filter(({ removed }) => !removed).map(({ value, added }) => ({ text: value, changed: added }));
}
