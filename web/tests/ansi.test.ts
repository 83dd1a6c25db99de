// What a program writes to its terminal, as text: its colours, its progress bars, and nothing of what only moves about a screen.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { AnsiReader, bytesOf, LINE_CHARACTERS } from "../src/lib/text/ansi";
import { columnsOf } from "../src/lib/text/columns";
import { indexed, PLAIN, type Style } from "../src/lib/text/sgr";
import { MOST_BLANKS, type Line } from "../src/lib/text/written";
import { contrast, grounds, oklch, tokensIn } from "./lib/colour";
import { randomly } from "./lib/random";

function read(text: string, ...more: string[]): Line[] {
  const reader = new AnsiReader();
  const lines = [text, ...more].flatMap((piece) => reader.push(piece));
  return reader.open ? [...lines, reader.open] : lines;
}
const texts = (...pieces: [string, ...string[]]): string[] => read(...pieces).map(({ text }) => text);
/** The pieces of the only line, each with what its style has that a plain one has not. */
const styles = (...pieces: [string, ...string[]]): [string, Partial<Style>][] =>
  (read(...pieces)[0]?.spans ?? []).map(({ text, style }) => [
    text,
    Object.fromEntries(Object.entries(style).filter(([name, value]) => value !== PLAIN[name as keyof Style])),
  ]);

describe("a line", () => {
  it("ends where it ends, with or without a carriage return, and the last may be open", () => {
    expect(texts("one\ntwo\r\n\nthree")).toEqual(["one", "two", "", "three"]);
    expect(texts("one\n")).toEqual(["one"]);
    expect(texts("")).toEqual([]);
  });

  it("is overwritten after a carriage return, as far as what comes reaches", () => {
    expect(texts("  0%\r 50%\r100%\n")).toEqual(["100%"]);
    expect(texts("downloading\rdone\n")).toEqual(["doneloading"]);
    expect(texts("downloading\r\u001b[Kdone\n")).toEqual(["done"]);
    expect(texts("downloading\r", "\u001b[2Kdone", "\n")).toEqual(["done"]);
    expect(texts("\u001b[2K\u001b[1Gframe 1", "\u001b[2K\u001b[1Gframe 2")).toEqual(["frame 2"]);
  });

  it("goes back a character for a backspace, and never before its beginning", () => {
    expect(texts("ab\bc")).toEqual(["ac"]);
    expect(texts("|\b/\b-\b\\\n")).toEqual(["\\"]);
    expect(texts("\b\b\ba")).toEqual(["a"]);
  });

  it("is erased from here, to here, or whole", () => {
    expect(texts("abcdef\u001b[3D\u001b[K")).toEqual(["abc"]);
    expect(texts("abcdef\u001b[3D\u001b[1Kx")).toEqual(["   xef"]);
    expect(texts("abc\u001b[2Kx")).toEqual(["   x"]);
    expect(texts("abc\u001b[K")).toEqual(["abc"]);
  });

  it("keeps whole characters when others are written over them", () => {
    expect(texts("🐝🐝🐝\r🐝x\n")).toEqual(["🐝x🐝"]);
    expect(texts("äöü\ré\n")).toEqual(["éöü"]);
  });

  it("that is too long goes on in the next one, and no character is cut", () => {
    const long = "x".repeat(LINE_CHARACTERS - 1) + "🐝" + "y".repeat(10);
    const lines = read(`${long}\nz`);
    expect(lines.map(({ goesOn }) => goesOn)).toEqual([true, false, false]);
    expect(lines.slice(0, 2).map(({ text }) => text)).toEqual([long.slice(0, LINE_CHARACTERS + 1), "y".repeat(10)]);
  });

  it("that is made of tabs alone goes on in the next one too", () => {
    expect(read("\t".repeat(LINE_CHARACTERS + 1)).map(({ text, goesOn }) => [text.length, goesOn])).toEqual([
      [LINE_CHARACTERS, true],
      [1, false],
    ]);
  });

  it("is written on beyond its end, with blanks between, no more than a terminal is wide", () => {
    expect(texts("a\u001b[3Cb")).toEqual(["a   b"]);
    expect(texts("a\u001b[10Gb\u001b[3Gc")).toEqual(["a c      b"]);
    // Nothing is filled before something is written.
    expect(texts("a\u001b[9C\u001b[8Db\n\u001b[9C\nc")).toEqual(["a b", "", "c"]);
    expect(texts("a\u001b[4000Cb")).toEqual([`a${" ".repeat(MOST_BLANKS)}b`]);
    // What a sequence says beside its number is no place.
    expect(texts("abc\u001b[2:9Gx\u001b[;5Gy")).toEqual(["yxc"]);
  });

  it("is erased as often as is asked for, and written on in what was erased", () => {
    expect(texts("abcdefgh\u001b[5G\u001b[1K\u001b[2Gx\u001b[3G\u001b[1K\u001b[1Gy")).toEqual(["y    fgh"]);
    expect(texts("abcdefgh\u001b[3G\u001b[1K\u001b[2Gx\u001b[6G\u001b[1K\u001b[8Gz")).toEqual(["      gz"]);
    expect(texts("🐝🐝🐝\b\u001b[1Kx\u001b[1K")).toEqual(["   "]);
    expect(styles("ab\u001b[31m\u001b[1G\u001b[1K\u001b[32mc")).toEqual([
      ["c", { fg: 2 }],
      ["b", {}],
    ]);
  });

  it("knows from which bytes it was made", () => {
    const lines = read("ä\n\u001b[31m🐝\u001b[0m\r\nend");
    expect(lines.map(({ from, to }) => [from, to])).toEqual([
      [0, 3],
      [3, 18],
      [18, 21],
    ]);
    expect(bytesOf("aä€🐝")).toBe(10);
    expect(new AnsiReader(100).push("a\n")[0]).toMatchObject({ from: 100, to: 102 });
  });
});

describe("a style", () => {
  it("holds until it is changed, over pieces and lines", () => {
    expect(styles("a\u001b[1;31mb\u001b[22mc\u001b[md")).toEqual([
      ["a", {}],
      ["b", { bold: true, fg: 1 }],
      ["c", { fg: 1 }],
      ["d", {}],
    ]);
    expect(read("\u001b[32mone\ntwo")[1]?.spans[0]?.style.fg).toBe(2);
  });

  it.each<[string, Partial<Style>]>([
    ["2", { dim: true }],
    ["3", { italic: true }],
    ["4", { underline: true }],
    ["4:3", { underline: true }],
    ["7", { inverse: true }],
    ["9", { strike: true }],
    ["97;100", { fg: 15, bg: 8 }],
    ["38;5;9", { fg: 9 }],
    ["38;5;208", { fg: "#ff8700" }],
    ["48;5;240", { bg: "#585858" }],
    ["38;2;1;2;3;1", { fg: "#010203", bold: true }],
    ["38:2::255:128:0", { fg: "#ff8000" }],
    ["38:2:255:128:0", { fg: "#ff8000" }],
    ["48:5:16;4", { bg: "#000000", underline: true }],
    ["58;2;9;9;9;3", { italic: true }],
    ["1;4;4:0;22", {}],
    ["31;39;41;49;3;23;7;27;9;29", {}],
    // Nonsense is nothing.
    ["38;5;256", {}],
    ["38;2;1;2", {}],
    ["38", {}],
    ["999;5;8", {}],
    ["?25", {}],
    [">4;2", {}],
  ])("%s", (parameters, style) => {
    expect(styles(`\u001b[${parameters}mx`)).toEqual([["x", style]]);
  });
});

// eslint-disable-next-line no-control-regex -- what must not be there
const LEFT_BEHIND = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/u;

describe("what is no text", () => {
  it.each([
    ["moves of the cursor", "a\u001b[2;5H\u001b[3A\u001b[Bb"],
    ["a screen that is cleared", "a\u001b[2J\u001b[?1049h\u001b[?25lb"],
    ["a title", "a\u001b]0;rm -rf /\u0007b"],
    ["a title that ends with a string terminator", "a\u001b]2;title\u001b\\b"],
    ["a link", "\u001b]8;;https://e.example\u001b\\a\u001b]8;;\u001b\\b"],
    ["a device's string", "a\u001bPq#0;2;0;0;0\n#0~~\u001b\\b"],
    ["an application's string", "a\u001b_Gf=100;AAAA\u001b\\b"],
    ["character sets and keypads", "a\u001b(B\u001b=\u001b>\u001b7b"],
    ["bells and nulls", "a\u0007\u0000\u000e\u007fb"],
    ["the same with eight bits", "a\u009b31mb\u009b0m\u009d0;title\u009c"],
  ])("is left out: %s", (_, text) => {
    expect(texts(text)).toEqual(["ab"]);
  });

  it("ends with its line where it never ended, and the line does not go with it", () => {
    expect(texts("a\u001b]0;title\nb")).toEqual(["a", "b"]);
    expect(texts("a\u001b[31\nb")).toEqual(["a", "b"]);
    expect(texts("a\u001b\nb")).toEqual(["a", "b"]);
    expect(texts("a\u001b[1\u001b[31mb")).toEqual(["ab"]);
    expect(texts(`\u001bP${"x".repeat(2 << 20)}`, "b")).toEqual(["b"]);
  });

  it("is held where a piece ends in the middle of it: the lines do not depend on where pieces are cut", () => {
    const text =
      "plain \u001b[1;38;5;208mbold\u001b[0m\r\n\u001b]8;;https://e.example\u0007link\u001b]8;;\u001b\\\n" +
      "10%\r\u001b[K20%\r30% 🐝\b\bxy\n\u001bPq~~\n~~\u001b\\end\u001b(B of\u001b[3Cit\tä";
    const whole = read(text);
    for (let size = 1; size < 12; size++) {
      const characters = [...text];
      const pieces: string[] = [];
      while (characters.length > 0) pieces.push(characters.splice(0, size).join(""));
      expect(read("", ...pieces), `pieces of ${size}`).toEqual(whole);
    }
  });

  it("leaves no control character behind, whatever comes", () => {
    const alphabet = [..."\u001b\u001b\u001b[]P\\_;:?0123m38K GHA\r\n\b\t\u0007\u009b\u009cxy🐝ä"];
    for (let seed = 1; seed <= 300; seed++) {
      const random = randomly(seed);
      const reader = new AnsiReader();
      const lines: Line[] = [];
      let bytes = 0;
      for (let piece = 0; piece < 20; piece++) {
        const text = Array.from({ length: random.to(12) }, () => random.of(alphabet)).join("");
        bytes += bytesOf(text);
        lines.push(...reader.push(text));
      }
      if (reader.open) lines.push(reader.open);
      expect(reader.at, `seed ${seed}`).toBe(bytes);
      for (const { text } of lines) expect(text, `seed ${seed}`).not.toMatch(LEFT_BEHIND);
      expect(lines.every(({ from }, at) => from === (lines[at - 1]?.to ?? 0))).toBe(true);
    }
  });
});

describe("what is made only to be much work", () => {
  const long = "x".repeat(LINE_CHARACTERS - 1);
  const SIZE = 64 * 1024;
  /** As many bytes of it as there are in a large piece. */
  const filled = (begin: string, again: string): string => begin + again.repeat((SIZE - begin.length) / again.length);

  it.each([
    ["moves beyond the end", "", "\u001b[4000Cx"],
    ["the same, as far as one may", "", `\u001b[${MOST_BLANKS}Cx`],
    ["the same by columns", "", "\u001b[4000Gx"],
    ["the same with a way back, and a new line", "", `\u001b[${MOST_BLANKS}Cx\by\n`],
    ["tabs behind moves", "", "\u001b[999C\t"],
    ["a long line that is written over at its beginning", long, "\rx"],
    ["a long line that is written over at its end", `${long}\u001b[3900G`, "\bx"],
    ["a long line that is written over with others", long, "\r🐝"],
    ["a long line that is erased up to its end", `${long}\b`, "\u001b[1K"],
    ["the same, and written over", long, "\rx\u001b[3999G\u001b[1K"],
    ["a line that is erased whole, far to the right", `${long}\b`, "\u001b[2Kx"],
    [
      "a line that is erased from near its beginning, and made long again",
      "",
      `\r\u001b[${MOST_BLANKS}Gx\u001b[2G\u001b[K`,
    ],
  ])("is not more of it, byte by byte: %s", (_, begin, again) => {
    const text = filled(begin, again);
    const reader = new AnsiReader();
    const lines = reader.push(text);
    if (reader.open) lines.push(reader.open);
    const made = lines.reduce((sum, line) => sum + line.text.length, 0);
    expect(made).toBeLessThan(text.length * 64);
    expect(reader.work).toBeLessThan(text.length * 128);
    expect(Math.max(...lines.map((line) => line.text.length))).toBeLessThan(LINE_CHARACTERS + MOST_BLANKS + 1);
  });

  it("leaves a line as it would be in one piece, wherever it is cut", () => {
    const text = `${"x".repeat(LINE_CHARACTERS - 300)}\u001b[200C${"y".repeat(500)}\u001b[1Kz`;
    const whole = read(text);
    expect(whole).toHaveLength(2);
    expect(read("", ...text)).toEqual(whole);
  });
});

it("takes the columns of a terminal: tabs to the next eighth, two for wide characters, none for marks", () => {
  expect(["", "abc", "a\tb", "\t\t", "日本", "🐝", "e\u0301", "ä"].map(columnsOf)).toEqual([0, 3, 9, 16, 4, 2, 1, 1]);
});

describe("the colours", () => {
  const palette = readFileSync("src/lib/ui/output/palette.css", "utf8");
  const tokens = tokensIn(palette);

  it("of the 16 can be read on both grounds, the dim ones as well", () => {
    for (const theme of ["light", "dark"] as const)
      for (let n = 0; n < 16; n++) {
        const colour = tokens.get(`--ansi-${n}`)?.[theme];
        if (!colour) throw new Error(`there is no colour ${n}`);
        expect(contrast(colour, grounds[theme]), `${n} on ${theme}`).toBeGreaterThanOrEqual(4.5);
      }
  });

  it("of the 256 are kept as dark or as light as can be read, on the ground and on a colour of their own", () => {
    const bound = (name: string): number => Number(new RegExp(`${name}: ([\\d.]+);`, "u").exec(palette)?.[1]);
    const [darkest, lightest] = [bound("--text-most"), bound("--text-least")];
    const [pale, deep] = [bound("--ground-least"), bound("--ground-most")];
    for (let n = 16; n < 256; n++) {
      const own = oklch.of(String(indexed(n)));
      for (const [text, ground, on] of [
        [Math.min(own.l, darkest), grounds.light, { ...own, l: pale, c: Math.min(own.c, 0.08) }],
        [Math.max(own.l, lightest), grounds.dark, { ...own, l: deep, c: Math.min(own.c, 0.08) }],
      ] as const) {
        const colour = { ...own, l: text, c: Math.min(own.c, bound("--text-chroma")) };
        expect(contrast(colour, ground), `${n}`).toBeGreaterThanOrEqual(4.5);
        expect(contrast(colour, on), `${n} on a ground of its own`).toBeGreaterThanOrEqual(4.5);
      }
    }
  });
});
