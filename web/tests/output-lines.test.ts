// Lines of output as they are laid out, searched and shown.
import { describe, expect, test } from "vitest";
import { byLine, Finder, nearest, stepped } from "../src/lib/output/find";
import { cutLine, Held } from "../src/lib/output/held";
import { Layout } from "../src/lib/output/layout";
import { lookOf, runsOf } from "../src/lib/output/runs";
import { AnsiReader } from "../src/lib/text/ansi";
import { PLAIN } from "../src/lib/text/sgr";
import type { Line } from "../src/lib/text/written";

describe("the layout", () => {
  const held = new Held();
  held.append(new AnsiReader().push(`${"x".repeat(25)}\n\n日本日本日本\nend\n`));

  test("gives a line as many rows as it takes, and finds it by each of them", () => {
    const layout = new Layout(held, 10);
    expect([0, 1, 2, 3, 4].map((line) => layout.rowOf(line))).toEqual([0, 3, 4, 6, 7]);
    expect([0, 2, 3, 4, 5, 6, 99, -5].map((row) => layout.lineAt(row))).toEqual([0, 0, 1, 2, 2, 3, 3, 0]);
    expect(layout.between(2, 4)).toEqual({ from: 0, to: 3 });
    expect(layout.rows).toBe(7);
  });

  test("gives each line one row where lines do not wrap, as wide as the widest", () => {
    const layout = new Layout(held, null);
    expect([layout.rows, layout.widest, layout.rowOf(3), layout.lineAt(2)]).toEqual([4, 25, 3, 2]);
    expect(new Layout(new Held(), null).between(0, 100)).toEqual({ from: 0, to: 0 });
  });
});

describe("a search", () => {
  const held = (): { held: Held; reader: AnsiReader } => {
    const it = { held: new Held(), reader: new AnsiReader() };
    it.held.append(it.reader.push("An error\nno\nerror, ERROR\n"));
    return it;
  };

  test("finds words wherever they stand, whatever their case and whatever their characters mean elsewhere", () => {
    const found = new Finder("error").in(held().held);
    expect(found.map(({ line, from, to }) => [line, from, to])).toEqual([
      [0, 3, 8],
      [2, 0, 5],
      [2, 7, 12],
    ]);
    expect(byLine(found).get(2)).toHaveLength(2);
    expect(new Finder("r,").in(held().held)).toHaveLength(1);
    for (const words of [".*", "(", "[a-", "\\", "/-", "a|b", "{1}", "^$"])
      expect(new Finder(words).in(held().held)).toEqual([]);
  });

  test("follows what comes and goes, at both ends", () => {
    const { held: all, reader } = held();
    const finder = new Finder("error");
    finder.in(all);
    all.append(reader.push("an error more\n"));
    reader.push("err");
    all.open = reader.open;
    expect(finder.in(all)).toHaveLength(4);
    reader.push("or");
    all.open = reader.open;
    expect(finder.in(all).at(-1)).toEqual({ line: 4, from: 0, to: 5 });
    all.prepend(new AnsiReader().push("error before\n"));
    expect(finder.in(all).map(({ line }) => line)).toEqual([-1, 0, 2, 2, 3, 4]);
    all.lines.splice(0, 2);
    all.first += 2;
    expect(finder.in(all).map(({ line }) => line)).toEqual([2, 2, 3, 4]);
  });

  test("goes from one to the next around the ends, and begins with what is seen", () => {
    const found = new Finder("error").in(held().held);
    expect(nearest(found, 1)).toBe(found[1]);
    expect(nearest(found, 9)).toBe(found[2]);
    expect(nearest([], 0)).toBeNull();
    expect(stepped(found, found[2] ?? null, 1, 0)).toBe(found[0]);
    expect(stepped(found, found[0] ?? null, -1, 0)).toBe(found[2]);
    expect(stepped(found, null, 1, 1)).toBe(found[1]);
    expect(stepped([], null, 1, 0)).toBeNull();
  });
});

describe("a line as it is shown", () => {
  const line = (text: string): Line => {
    const reader = new AnsiReader();
    return reader.push(`${text}\n`)[0] ?? cutLine(0, 0);
  };

  test("has the names of its looks, and colours that have no name as they are", () => {
    const [plain, red, own] = runsOf(line("a\u001b[1;31;44mb\u001b[0;38;5;208;4mc"), [], null);
    expect([plain?.look, red?.look, own?.look]).toEqual(["", "f1 b4 on bold", "f-own underline"]);
    expect([red?.fg, own?.fg]).toEqual([null, "#ff8700"]);
    expect(lookOf(PLAIN)).toBe("");
  });

  test("has what is looked for marked, over the borders of its styles too", () => {
    const coloured = line("no er\u001b[31mror\u001b[0m, error");
    const [first, second] = new Finder("error").in(Object.assign(new Held(), { lines: [coloured] }));
    if (!first || !second) throw new Error("both are found");
    expect(runsOf(coloured, [first, second], second).map(({ text, mark, look }) => [text, mark, look])).toEqual([
      ["no ", null, ""],
      ["er", "found", ""],
      ["ror", "found", "f1"],
      [", ", null, ""],
      ["error", "current", ""],
    ]);
  });

  test("names the characters that would turn it around", () => {
    expect(runsOf(line("safe\u202eevil"), [], null).map(({ text, hidden }) => [text, hidden])).toEqual([
      ["safe", false],
      ["\u202e", true],
      ["evil", false],
    ]);
  });
});
