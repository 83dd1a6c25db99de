// Marked's lexer with an end to its patience. What it does with a paragraph can grow as the square of what stands in it, and whoever writes to a
// person may write what they like: the work is reckoned before it is done, and what would be too much is not begun.
import { Lexer, type Token, type TokensList } from "marked";

/** A text of ordinary words takes some ten thousandths of it. */
const MOST = 40_000_000;
/** What a block's character costs: each block is tried as a dozen things. */
const BLOCK = 20;

const MARKS = /[`[\]()<>!\\&@:]/gu;
const EMPHASES = /\*+|_+|~+/gu;
const SPACES = /[^\S\n]{2,}/gu;

/** Each mark may be held against all that follows it, each that may begin an emphasis against each that may end it, and so may spaces. */
export function reckoned(text: string): number {
  const count = (what: RegExp): number => text.match(what)?.length ?? 0;
  const emphases = count(EMPHASES);
  let work = text.length * (1 + count(MARKS) + emphases + (emphases * emphases) / 10);
  for (const [run] of text.matchAll(SPACES)) work += run.length * run.length;
  return work;
}

export class BoundedLexer extends Lexer {
  #left = MOST;

  override blockTokens(text: string, tokens?: Token[], last?: boolean): Token[];
  override blockTokens(text: string, tokens?: TokensList, last?: boolean): TokensList;
  override blockTokens(text: string, tokens: Token[] = [], last?: boolean): Token[] {
    this.#spend(text.length * BLOCK);
    return super.blockTokens(text, tokens, last);
  }

  override inlineTokens(text: string, tokens?: Token[]): Token[] {
    this.#spend(reckoned(text));
    return super.inlineTokens(text, tokens);
  }

  #spend(work: number): void {
    this.#left -= work;
    if (this.#left < 0) throw new RangeError("this Markdown would take too long");
  }
}
