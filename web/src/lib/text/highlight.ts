// Code in shades: what kind of word each piece is. Loaded when the first fenced block is there.
//
// highlight.js answers with markup; it is read here as text and never parsed by the page, so no rule about markup has to be trusted.
import hljs from "highlight.js/lib/core";
import { grammar } from "./grammars";

/** The design has four meanings of colour and none of them is grammar: words differ by weight, shade and slant. */
export type Tone = "plain" | "keyword" | "name" | "literal" | "comment";

export interface Run {
  tone: Tone;
  text: string;
}

const TONES: [RegExp, Tone][] = [
  [/^(comment|quote|doctag)/u, "comment"],
  [/^(string|regexp|number|symbol|char|link|code)/u, "literal"],
  [/^(keyword|literal|built_in|type|selector|tag|section|meta|operator)/u, "keyword"],
  [/^(title|attr|attribute|name|property|function|class|bullet)/u, "name"],
];

const toneOf = (scope: string, outer: Tone): Tone => TONES.find(([names]) => names.test(scope))?.[1] ?? outer;

const ENTITIES: Record<string, string> = { "&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'" };
const plain = (markup: string): string =>
  markup.replace(/&(?:amp|lt|gt|quot|#x27);/gu, (name) => ENTITIES[name] ?? name);

/** Past these a grammar is given nothing: some of them take the square of a line, or of a word. */
const MOST = 16 * 1024;
const LONG = /[^\n]{401}|\w{65}/u;

/** The code in runs, or null for a language that is not known here, and for more than a grammar is given. Together the runs are the code to the last byte. */
export function highlight(code: string, lang: string): Run[] | null {
  if (code.length > MOST || LONG.test(code)) return null;
  const language = grammar(/^[\w+#-]+/u.exec(lang)?.[0] ?? "");
  if (language === null) return null;
  const { value } = hljs.highlight(code, { language, ignoreIllegals: true });
  const runs: Run[] = [];
  const outer: Tone[] = ["plain"];
  for (const part of value.split(/(<span class="[^"]*">|<\/span>)/u)) {
    const tone = outer.at(-1) ?? "plain";
    const opened = /^<span class="(?:hljs|language)-([^" ]*)/u.exec(part);
    if (opened) outer.push(toneOf(opened[1] ?? "", tone));
    else if (part === "</span>") outer.pop();
    else if (part !== "") runs.push({ tone, text: plain(part) });
  }
  return runs.map(({ text }) => text).join("") === code ? runs : null;
}
