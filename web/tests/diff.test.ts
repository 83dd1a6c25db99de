// A diff is read to the last line, or not at all: nothing that somebody approves may be left out or bent.
import { describe, expect, it } from "vitest";
import { changeOf, nameOf, quotationOf } from "../src/lib/text/diff/name";
import { pairsOf } from "../src/lib/text/diff/pairs";
import { parseDiff, type FileDiff, type Line, type Patch } from "../src/lib/text/diff/parse";
import { mixesEnds, rowsOf, type Row } from "../src/lib/text/diff/rows";
import { wordsOf } from "../src/lib/text/diff/words";

const plain = "--- a/x.txt\n+++ b/x.txt\n@@ -1,3 +1,3 @@ fn main\n one\n-two\n+2\n three\n";

function read(text: string): Patch {
  const patch = parseDiff(text);
  if (!patch) throw new Error("not read");
  return patch;
}
function only(text: string): FileDiff {
  const { files } = read(text);
  expect(files).toHaveLength(1);
  return files[0] as FileDiff;
}
/** Every line of the text again, with its sign. */
const lines = (file: FileDiff): string[] =>
  file.hunks.flatMap((hunk) =>
    hunk.lines.map(({ kind, text }) => `${{ added: "+", removed: "-", same: " " }[kind]}${text}`),
  );

describe("parseDiff", () => {
  it("reads a plain diff, with the numbers of both sides", () => {
    const file = only(plain);
    expect([nameOf(file), file.added, file.removed, changeOf(file)]).toEqual(["x.txt", 1, 1, null]);
    expect(file.hunks[0]?.section).toBe("fn main");
    expect(file.hunks[0]?.lines.map(({ before, after }) => [before, after])).toEqual([
      [1, 1],
      [2, null],
      [null, 2],
      [3, 3],
    ]);
  });

  it.each([
    ["new file", "diff --git a/n b/n\nnew file mode 100644\nindex 0..1\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+hi\n"],
    ["deleted", "diff --git a/n b/n\ndeleted file mode 100644\n--- a/n\n+++ /dev/null\n@@ -1 +0,0 @@\n-hi\n"],
    ["renamed from o", "diff --git a/o b/n\nsimilarity index 100%\nrename from o\nrename to n\n"],
    ["copied from o", "diff --git a/o b/n\nsimilarity index 100%\ncopy from o\ncopy to n\n"],
    [null, "diff --git a/n b/n\nold mode 100644\nnew mode 100755\n"],
  ])("says %s", (change, text) => {
    const file = only(text);
    expect([nameOf(file), changeOf(file)]).toEqual(["n", change]);
  });

  it("keeps what else is said of a file", () => {
    expect(only("diff --git a/n b/n\nold mode 100644\nnew mode 100755\n").notes).toEqual([
      "old mode 100644",
      "new mode 100755",
    ]);
  });

  it("tells a binary file", () => {
    const file = only("diff --git a/a.png b/a.png\nindex 1..2 100644\nBinary files a/a.png and b/a.png differ\n");
    expect([file.binary, file.hunks, nameOf(file)]).toEqual([true, [], "a.png"]);
  });

  it("reads names with spaces, and odd ones by their escapes", () => {
    expect(nameOf(only('diff --git "a/\\303\\274 x" "b/\\303\\274 x"\nold mode 100644\nnew mode 100755\n'))).toBe(
      "ü x",
    );
    expect(nameOf(only("--- a/my file\t2026-01-01\n+++ b/my file\t2026-01-02\n@@ -1 +1 @@\n-a\n+b\n"))).toBe("my file");
    for (const day of ["2026-01-01 10:00:00.123456789 +0000", "Thu Jan  1 00:00:00 1970", "(revision 12)", ""]) {
      expect(nameOf(only(`--- x\t${day}\n+++ x\t${day}\n@@ -1 +1 @@\n-a\n+b\n`))).toBe("x");
    }
    expect(nameOf(only("diff --git x.txt x.txt\n--- x.txt\n+++ x.txt\n@@ -1 +1 @@\n-a\n+b\n"))).toBe("x.txt");
    expect(nameOf(only("--- old/x\n+++ new/x\n@@ -1 +1 @@\n-a\n+b\n"))).toBe("new/x");
  });

  it("takes removed and added lines that look like heads for what they are", () => {
    const file = only("--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n--- a comment\n+++ b comment\n same\n");
    expect(lines(file)).toEqual(["--- a comment", "+++ b comment", " same"]);
  });

  it("knows which line has no newline at its end", () => {
    const file = only(
      "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n\\ No newline at end of file\n",
    );
    expect(file.hunks[0]?.lines.map(({ end }) => end)).toEqual(["none", "none"]);
  });

  it("reads CRLF, and tells where ends are mixed", () => {
    const all = only(plain.replaceAll("\n", "\r\n"));
    expect([lines(all), mixesEnds(all)]).toEqual([[" one", "-two", "+2", " three"], false]);
    expect(mixesEnds(only("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\r\n+a\n"))).toBe(true);
  });

  it("reads an empty line whose space an editor has taken", () => {
    expect(lines(only("--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n\n-b\n+c\n"))).toEqual([" a", " ", "-b", "+c"]);
  });

  it("keeps a commit's message before, and a mail's signature after", () => {
    const patch = read(`From 1234\nSubject: x\n\n---\n x | 2 +-\n\n${plain}-- \n2.43.0\n`);
    expect(patch.intro.slice(0, 2)).toEqual(["From 1234", "Subject: x"]);
    expect(patch.files[0]?.notes).toEqual(["-- ", "2.43.0"]);
  });

  it("reads several files and hunks", () => {
    const two = `${plain}@@ -10 +10 @@\n-x\n+y\n${plain.replaceAll("x.txt", "z.txt")}`;
    expect(read(two).files.map((file) => [nameOf(file), file.hunks.length])).toEqual([
      ["x.txt", 2],
      ["z.txt", 1],
    ]);
  });

  it("reads bare signs, without numbers", () => {
    const file = only("-old = 1\n+new = 1\n context\nno sign");
    expect(lines(file)).toEqual(["-old = 1", "+new = 1", " context", " no sign"]);
    expect(file.hunks[0]?.place).toBeNull();
  });

  it.each([
    ["too few lines", "--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n one\n"],
    ["too many lines", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n+c\n"],
    ["too much context", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n c\n"],
    ["a line without a sign", "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\nwhat\n one\n"],
    ["a head without numbers", "--- a/x\n+++ b/x\n@@ ... @@\n-a\n+b\n"],
    ["objects that say more", "diff --git a/x b/x\nindex these are words\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"],
    ["an end that says more", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n\\ and more\n+b\n"],
    ["words behind a hunk", "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n\\ and more\n"],
    ["a day that says more", "--- a/x\tand more\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"],
    ["a head of other files", "diff --git a/y b/y\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"],
    ["a head of three files", "diff --git a/x b/y b/z\nold mode 100644\n"],
    ["a rename of other files", "diff --git a/o b/n\nrename from p\nrename to n\n"],
    ["a merge of three", "diff --cc x\n@@@ -1,1 -1,1 +1,1 @@@\n- a\n -b\n++c\n"],
    ["no diff", "just words\nand more"],
    ["nothing", ""],
  ])("leaves %s to be shown as text", (_, text) => {
    expect(parseDiff(text)).toBeNull();
  });
});

describe("rowsOf", () => {
  const long = (): FileDiff => {
    const same = Array.from({ length: 20 }, (_, at) => ` s${at}`);
    return only(`--- a/x\n+++ b/x\n@@ -1,22 +1,22 @@\n-a\n+b\n${same.join("\n")}\n-c\n+d\n`);
  };
  const shown = (rows: Row[]): string[] =>
    rows.map((row) => {
      if (row.kind === "line") return row.line.text;
      if (row.kind === "pair") return `${row.left?.text ?? "·"}|${row.right?.text ?? "·"}`;
      return row.kind === "gap" ? `gap ${row.lines.length}` : "hunk";
    });

  it("folds what did not change but for three lines, and opens it", () => {
    const folded = rowsOf(long(), "unified", new Set());
    expect(shown(folded)).toEqual(["hunk", "a", "b", "s0", "s1", "s2", "gap 14", "s17", "s18", "s19", "c", "d"]);
    expect(shown(rowsOf(long(), "unified", "all"))).toHaveLength(25);
    const gap = folded.find(({ kind }) => kind === "gap");
    expect(shown(rowsOf(long(), "unified", new Set([gap?.key ?? ""])))).toHaveLength(25);
  });

  it("puts what was beside what became of it", () => {
    const file = only(
      "--- a/x\n+++ b/x\n@@ -1,2 +1,3 @@\n-let a = f(one);\n-let b = 2;\n+// a comment of its own\n+let a = f(two);\n+let b = 3;\n",
    );
    expect(shown(rowsOf(file, "split", new Set()))).toEqual([
      "hunk",
      "·|// a comment of its own",
      "let a = f(one);|let a = f(two);",
      "let b = 2;|let b = 3;",
    ]);
  });

  it("shows every line once, whatever the columns", () => {
    const file = long();
    const all = file.hunks.flatMap((hunk) => hunk.lines);
    const open = new Set(rowsOf(file, "unified", new Set()).flatMap((row) => (row.kind === "gap" ? [row.key] : [])));
    const unified = rowsOf(file, "unified", open).flatMap((row) => (row.kind === "line" ? [row.line] : []));
    expect(unified).toEqual(all);
    const split = rowsOf(file, "split", open).flatMap((row) => (row.kind === "pair" ? [row.left, row.right] : []));
    expect(new Set(split.filter((line) => line !== null))).toEqual(new Set(all));
  });

  it("has a key of its own for every row", () => {
    for (const columns of ["split", "unified"] as const) {
      const keys = rowsOf(long(), columns, new Set()).map(({ key }) => key);
      expect(new Set(keys).size).toBe(keys.length);
    }
  });
});

describe("the words of a line", () => {
  it("marks what changed, and is the line to the last character", () => {
    const parts = wordsOf("let b = 3;", "let b = 2;");
    expect(parts.filter(({ changed }) => changed)).toEqual([{ text: "3", changed: true }]);
    expect(parts.map(({ text }) => text).join("")).toBe("let b = 3;");
  });

  it.each([
    ["nothing in common", "alpha beta", "gamma delta"],
    ["no partner", "alpha", null],
    ["too much that changed", "a xyz ".repeat(160), "b xyz ".repeat(160)],
    ["data, not words", "x".repeat(2000), "y".repeat(2000)],
  ])("marks nothing where there is %s", (_, line, partner) => {
    expect(wordsOf(line, partner)).toEqual([{ text: line, changed: false }]);
  });
});

describe("lines that became others", () => {
  it("are told by their beginnings, however long they are", () => {
    const lines = (...texts: string[]): Line[] =>
      texts.map((text) => ({ kind: "added", text, before: null, after: null, end: "\n" }));
    const begin = "one two three four ".repeat(25);
    const removed = lines(`${begin}${"left ".repeat(5000)}`);
    const added = lines("another", `${begin}${"right ".repeat(5000)}`);
    expect(pairsOf(removed, added)).toEqual([
      [null, added[0]],
      [removed[0], added[1]],
    ]);
  });
});

describe("a quoted line", () => {
  it("says where it stands, and cannot end its own fence", () => {
    const file = only("--- a/x\n+++ b/x\n@@ -7 +7 @@\n-a\n+```` b\n");
    const line = file.hunks[0]?.lines[1];
    expect(line && quotationOf(file, line)).toBe("x:7\n`````diff\n+```` b\n`````");
  });
});
