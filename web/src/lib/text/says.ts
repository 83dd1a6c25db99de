// Does what a Markdown parser made of a text still say all of it? The marks that structure it may go; no word may, and none may change its place.
import type { MarkedToken, Token } from "marked";

/** What is left without the marks: everything but white space and ASCII's punctuation. */
const words = (text: string): string => text.replace(/[\s!-/:-@[-`{-~]+/gu, "");

/** Nothing of the text lies between its blocks. */
export const isWhole = (text: string, blocks: readonly Token[]): boolean =>
  words(text) === words(blocks.map(({ raw }) => raw).join(""));

export const saysAll = (block: Token): boolean => words(block.raw) === said(block);

const inside = (tokens: readonly Token[]): string => tokens.map(said).join("");

/** The words of a token as they will be shown, in their order. */
function said(one: Token): string {
  const token = one as MarkedToken;
  switch (token.type) {
    case "space":
    case "hr":
    case "br":
      return "";
    case "list":
      return token.items
        .map(({ raw, tokens }) => (token.ordered ? (/\d+/u.exec(raw)?.[0] ?? "") : "") + inside(tokens))
        .join("");
    case "table":
      return [token.header, ...token.rows].map((cells) => cells.map(({ tokens }) => inside(tokens)).join("")).join("");
    case "code":
      return words(`${token.lang ?? ""}${token.text}`);
    case "link":
    case "image":
      // One that stands for itself says its address once.
      return /^!?\[/u.test(token.raw)
        ? inside(token.tokens) + words(`${token.href}${token.title ?? ""}`)
        : words(token.text);
    case "checkbox":
      return words(token.raw);
    case "text":
      return token.tokens ? inside(token.tokens) : words(token.raw);
    default:
      return "tokens" in token && token.tokens ? inside(token.tokens) : words("text" in token ? token.text : token.raw);
  }
}
