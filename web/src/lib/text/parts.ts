// Tells the bytes that are asked about from the words around them: a body with one code block is that block, and what is said of it.

export interface Parts {
  /** The content of the block, exactly; null if there is none, or more than one. */
  bytes: string | null;
  /** What the block says that it is written in; empty if it says nothing. */
  lang: string;
  /** Everything else. */
  says: string;
}

/** Diffs are shown as diffs, where they stand. */
const DIFF = /^\s*(diff|patch)\b/iu;

interface Fence {
  line: number;
  char: string;
  length: number;
  lang: string;
}

/** Each line is looked at once, and none is gone back to: a body is anybody's, and may be as long as bodies may be. */
export function partsOf(body: string): Parts {
  const whole = { bytes: null, lang: "", says: body };
  const lines = body.replaceAll("\r\n", "\n").split("\n");
  let open: Fence | null = null;
  let block: { begin: Fence; end: number } | null = null;
  for (const [at, line] of lines.entries()) {
    const fence = fenceOf(line, at);
    if (!fence) continue;
    if (open === null) {
      if (block) return whole;
      open = fence;
    } else if (fence.char === open.char && fence.length >= open.length && fence.lang === "") {
      block = { begin: open, end: at };
      open = null;
    }
  }
  if (!block || open || DIFF.test(block.begin.lang)) return whole;
  const bytes = lines.slice(block.begin.line + 1, block.end).join("\n");
  if (bytes.trim() === "") return whole;
  const before = lines.slice(0, block.begin.line).join("\n").trimEnd();
  const after = lines
    .slice(block.end + 1)
    .join("\n")
    .trimStart();
  return { bytes, lang: block.begin.lang, says: `${before}\n\n${after}`.trim() };
}

function fenceOf(line: string, at: number): Fence | null {
  const char = line[0];
  if (char !== "`" && char !== "~") return null;
  let length = 1;
  while (line[length] === char) length++;
  const lang = line.slice(length);
  return length < 3 || lang.includes("`") ? null : { line: at, char, length, lang: lang.trim() };
}

/** A text as a block of Markdown that nothing in it ends. */
export function fenced(language: string, text: string): string {
  let longest = 0;
  for (const [run] of text.matchAll(/`+/gu)) longest = Math.max(longest, run.length);
  const fence = "`".repeat(Math.max(3, longest + 1));
  return `${fence}${language}\n${text}${text.endsWith("\n") ? "" : "\n"}${fence}`;
}
