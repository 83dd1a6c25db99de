// Reads unified diffs, git's and plain ones. What cannot be read as one, to the last line, is none: it is then shown as the text it is, so that
// nothing that somebody approves is left out or bent.

export interface Line {
  kind: "same" | "added" | "removed";
  text: string;
  /** Its numbers in the file before and after; null where it does not stand there, or where the diff does not say. */
  before: number | null;
  after: number | null;
  end: "\n" | "\r\n" | "none";
}

export interface Hunk {
  /** What the diff says of the place: the function, usually. */
  section: string;
  /** The first line of it in the file before and after; null in a diff without numbers. */
  place: { before: number; after: number } | null;
  lines: Line[];
}

export interface FileDiff {
  before: string | null;
  after: string | null;
  copied: boolean;
  binary: boolean;
  /** What else the diff says of this file: modes, similarity, signatures. */
  notes: string[];
  hunks: Hunk[];
  added: number;
  removed: number;
  /** The text that all of this was read from. */
  raw: string;
}

export interface Patch {
  /** What stands before the first file: a commit's message, usually. */
  intro: string[];
  files: FileDiff[];
}

/** What git says of the objects themselves, and the day after a file's name: of these, and in these words, nothing is shown. */
const OBJECTS = /^index [0-9a-f]{1,64}\.\.[0-9a-f]{1,64}( [0-7]{6})?$/u;
const DAY =
  /^(\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d(\.\d{1,9})?( [+-]\d{4})?)?|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}|\((revision \d+|working copy|nonexistent)\)|)$/u;
const NO_END = "\\ No newline at end of file";

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$/u;
const KINDS: Record<string, Line["kind"]> = { "+": "added", "-": "removed", " ": "same" };

class Malformed extends Error {}

export function parseDiff(text: string): Patch | null {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  try {
    return new Reader(lines).patch();
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

const emptyFile = (): FileDiff => ({
  before: null,
  after: null,
  copied: false,
  binary: false,
  notes: [],
  hunks: [],
  added: 0,
  removed: 0,
  raw: "",
});

class Reader {
  #at = 0;

  constructor(readonly lines: string[]) {}

  patch(): Patch {
    const intro: string[] = [];
    while (this.#at < this.lines.length && !this.#fileBegins()) intro.push(this.#next());
    if (this.#at === this.lines.length) return { intro: [], files: [this.#bare()] };
    const files: FileDiff[] = [];
    while (this.#at < this.lines.length) {
      const from = this.#at;
      const file = this.#file();
      files.push({ ...file, raw: this.lines.slice(from, this.#at).join("\n") });
    }
    return { intro: intro.some((line) => line.trim() !== "") ? intro : [], files };
  }

  /** The line ahead, without the end that a CRLF file leaves on it. */
  #peek(ahead = 0): string {
    const line = this.lines[this.#at + ahead] ?? "";
    return line.endsWith("\r") ? line.slice(0, -1) : line;
  }

  #next(): string {
    const line = this.#peek();
    this.#at++;
    return line;
  }

  #names(): boolean {
    return this.#peek().startsWith("--- ") && this.#peek(1).startsWith("+++ ");
  }

  #fileBegins(): boolean {
    return this.#peek().startsWith("diff --git ") || this.#names() || HUNK.test(this.#peek());
  }

  #file(): FileDiff {
    const file = emptyFile();
    const names = this.#peek().startsWith("diff --git ") ? this.#gitHeader(file) : null;
    if (this.#names()) {
      const before = nameOf(this.#next().slice(4));
      const after = nameOf(this.#next().slice(4));
      // git's own prefixes are no part of the names.
      const git =
        (before === "/dev/null" || /^[aciow]\//u.test(before)) && (after === "/dev/null" || /^[bciow]\//u.test(after));
      const bare = (name: string): string | null => (name === "/dev/null" ? null : git ? name.slice(2) : name);
      file.before = bare(before);
      file.after = bare(after);
    }
    // A head that names other files than it then goes on with says more than can be shown.
    if (names && [file.before ?? names[0], file.after ?? names[1]].some((name, at) => name !== names[at])) {
      throw new Malformed();
    }
    while (this.#at < this.lines.length) {
      if (HUNK.test(this.#peek())) this.#hunk(file);
      else if (this.#fileBegins()) break;
      else this.#note(file);
    }
    return file;
  }

  /** Both names, as the first line has them. */
  #gitHeader(file: FileDiff): readonly [string, string] {
    const names = bothNames(this.#next().slice("diff --git ".length));
    [file.before, file.after] = names;
    while (this.#at < this.lines.length && !this.#names() && !HUNK.test(this.#peek())) {
      const line = this.#peek();
      if (line.startsWith("diff --git ")) return names;
      const [, what, value] = /^(rename from|rename to|copy from|copy to) (.*)$/u.exec(line) ?? [];
      if (what?.startsWith("copy")) file.copied = true;
      if (what?.endsWith("from")) file.before = nameOf(value ?? "");
      else if (what?.endsWith("to")) file.after = nameOf(value ?? "");
      else if (line.startsWith("new file mode ")) file.before = null;
      else if (line.startsWith("deleted file mode ")) file.after = null;
      else if (line.startsWith("Binary files ") || line === "GIT binary patch") file.binary = true;
      const objects = line.startsWith("index ");
      if (objects && !OBJECTS.test(line)) throw new Malformed();
      if (!what && !objects && line !== "") file.notes.push(line);
      this.#at++;
    }
    return names;
  }

  #note(file: FileDiff): void {
    const line = this.#next();
    // A line of text outside its hunk: the numbers in the head are wrong, and with them all that would be shown.
    if (/^[+-]/u.test(line) && line !== "-- " && line !== "--") throw new Malformed();
    if (/^ *\S/u.test(line) && line.startsWith(" ")) throw new Malformed();
    if (line.startsWith("@@") || line.startsWith("\\")) throw new Malformed();
    if (line === "-- " || line === "--") {
      file.notes.push(line);
      // A mail's signature: git's version, nothing of the file's.
      while (this.#at < this.lines.length && !this.#fileBegins()) file.notes.push(this.#next());
    } else if (line !== "" && !/^={10,}$/u.test(line)) file.notes.push(line);
  }

  #hunk(file: FileDiff): void {
    const [, from, many, to, most, section] = HUNK.exec(this.#next()) ?? [];
    let before = Number(from);
    let after = Number(to);
    const hunk: Hunk = { section: section ?? "", place: { before, after }, lines: [] };
    let left = Number(many ?? 1);
    let right = Number(most ?? 1);
    while (left > 0 || right > 0) {
      const line = this.#line();
      if (line.kind !== "added") {
        line.before = before++;
        left--;
      }
      if (line.kind !== "removed") {
        line.after = after++;
        right--;
      }
      if (left < 0 || right < 0) throw new Malformed();
      take(file, hunk, line);
    }
    file.hunks.push(hunk);
  }

  /** One line of a hunk, with what the next says of its end. */
  #line(): Line {
    const raw = this.lines[this.#at];
    if (raw === undefined) throw new Malformed();
    const end = raw.endsWith("\r") ? "\r\n" : "\n";
    const text = end === "\r\n" ? raw.slice(0, -1) : raw;
    // An editor has taken the one space of an empty line.
    const kind = text === "" ? "same" : KINDS[text[0] ?? ""];
    if (!kind) throw new Malformed();
    this.#at++;
    const line: Line = { kind, text: text.slice(1), before: null, after: null, end };
    if (this.#peek() === NO_END) {
      this.#at++;
      line.end = "none";
    }
    return line;
  }

  /** Only signs, as people and models write them: no file, no numbers. */
  #bare(): FileDiff {
    const file = { ...emptyFile(), raw: this.lines.join("\n") };
    const hunk: Hunk = { section: "", place: null, lines: [] };
    for (const raw of this.lines) {
      const end = raw.endsWith("\r") ? "\r\n" : "\n";
      const text = end === "\r\n" ? raw.slice(0, -1) : raw;
      if (text.startsWith("@@") || text.startsWith("diff ")) throw new Malformed();
      const kind = KINDS[text[0] ?? ""];
      take(file, hunk, { kind: kind ?? "same", text: kind ? text.slice(1) : text, before: null, after: null, end });
    }
    if (file.added + file.removed === 0) throw new Malformed();
    file.hunks.push(hunk);
    return file;
  }
}

function take(file: FileDiff, hunk: Hunk, line: Line): void {
  hunk.lines.push(line);
  if (line.kind === "added") file.added++;
  if (line.kind === "removed") file.removed++;
}

/** A name as diffs write it: without the day after a tab, and without the quotes and escapes of odd ones. */
function nameOf(text: string): string {
  const quoted = /^"((?:\\.|[^"\\])*)"/su.exec(text);
  const name = quoted ? quoted[0] : (text.split("\t", 1)[0] ?? "");
  const rest = text.slice(name.length);
  if (rest !== "" && !(rest.startsWith("\t") && DAY.test(rest.slice(1)))) throw new Malformed();
  return quoted ? unescaped(quoted[1] ?? "") : name;
}

function unescaped(text: string): string {
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  const escapes: Record<string, number> = { n: 10, t: 9, r: 13, a: 7, b: 8, f: 12, v: 11 };
  for (const [part, escaped] of text.matchAll(/\\([0-7]{3}|.)|[^\\]+/gsu)) {
    if (escaped === undefined) for (const byte of encoder.encode(part)) bytes.push(byte);
    else if (escaped.length === 3) bytes.push(Number.parseInt(escaped, 8));
    else bytes.push(escapes[escaped] ?? escaped.charCodeAt(0));
  }
  return new TextDecoder().decode(new Uint8Array(bytes));
}

/** "a/x b/x", or without the letters: only where it can be told where the first ends. */
function bothNames(names: string): readonly [string, string] {
  if (names.includes('"')) {
    const found = [...names.matchAll(/"(?:\\.|[^"\\])*"|[^\s"]+/gu)].map(([name]) => name);
    const [first, second, ...others] = found;
    if (first === undefined || second === undefined || others.length > 0) throw new Malformed();
    return [nameOf(first).slice(2), nameOf(second).slice(2)];
  }
  const middle = (names.length - 1) / 2;
  const [first, second] = [names.slice(0, middle), names.slice(middle + 1)];
  if (Number.isInteger(middle) && names[middle] === " ") {
    if (first === second) return [first, second];
    if (/^[aciow]\//u.test(first) && /^[bciow]\//u.test(second) && first.slice(2) === second.slice(2)) {
      return [first.slice(2), second.slice(2)];
    }
  }
  const parts = names.split(" b/");
  const [before, after] = parts;
  if (parts.length !== 2 || before === undefined || after === undefined) throw new Malformed();
  return [before.slice(2), after];
}
