// What is read in a thread: texts in pieces, code in shades, prose dressed, files by their kinds, messages in their order.
import { beforeAll, describe, expect, it } from "vitest";
import type { Message } from "../src/lib/model/types";
import { readSheet } from "../src/lib/text/csv";
import { dress } from "../src/lib/text/dress";
import { highlight } from "../src/lib/text/highlight";
import { kindOf } from "../src/lib/text/kinds";
import { inPieces, linesOf } from "../src/lib/text/lines";
import { renderBlocks } from "../src/lib/text/markdown";
import { arrange, inStretches, quoted } from "../src/lib/text/thread";
import { realCore } from "./lib/core";

beforeAll(realCore);

describe("lines", () => {
  it.each([
    ["", 1],
    ["a", 1],
    ["a\n", 1],
    ["a\nb", 2],
    ["\n\n", 2],
  ])("of %j are %i", (text, many) => {
    expect(linesOf(text)).toBe(many);
  });

  it.each([
    ["many lines", Array.from({ length: 1001 }, (_, at) => `line ${at}`).join("\n")],
    ["one endless line", "x".repeat(100_000)],
    ["an endless line of pairs", "𝄞".repeat(30_000)],
    ["both", `a\n${"y".repeat(70_000)}\nb\nc`],
  ])("come in pieces that are the text: %s", (_, text) => {
    const pieces = inPieces(text, 200);
    expect(pieces.map((piece) => piece.text).join("")).toBe(text);
    for (const piece of pieces) {
      expect(piece.text.length).toBeLessThanOrEqual(32_768);
      expect(piece.text.split("\n").length).toBeLessThanOrEqual(201);
      expect(piece.text).not.toMatch(/^[\udc00-\udfff]/u);
    }
  });
});

describe("highlight", () => {
  it.each([
    ["rust", 'fn main() { let s = "<b>&amp;</b>"; } // done'],
    ["sh", "rm -rf \"$HOME/x\" # 'no'"],
    ["html", "<a href=\"x\" onclick='y'>&lt;</a><!-- c -->"],
    ["json", '{"a": [1, true, null, "\\u0000"]}'],
    ["ts", "const a: number = `${b}`;"],
  ])("is the %s to the last byte", (lang, code) => {
    const runs = highlight(code, lang);
    expect(runs?.map(({ text }) => text).join("")).toBe(code);
    expect(runs?.some(({ tone }) => tone !== "plain")).toBe(true);
  });

  it("tells words from words", () => {
    expect(highlight("fn x() {} // why", "rust")).toEqual(
      expect.arrayContaining([
        { tone: "keyword", text: "fn" },
        { tone: "comment", text: "// why" },
      ]),
    );
  });

  it("gives a grammar no more than it can take", () => {
    const line = `${"x".repeat(63)}\n`;
    expect(highlight(line.repeat(256), "js")).not.toBeNull();
    expect(highlight(line.repeat(257), "js")).toBeNull();
    expect(highlight("x ".repeat(200), "js")).not.toBeNull();
    expect(highlight("x ".repeat(201), "js")).toBeNull();
    expect(highlight("x".repeat(64), "js")).not.toBeNull();
    expect(highlight("x".repeat(65), "js")).toBeNull();
  });

  it.each(["", "nosuch", "rust,ignore-me-not-a-word-of-it-known"])("leaves %j alone where it is not known", (lang) => {
    expect(highlight("x", lang) === null).toBe(!lang.startsWith("rust"));
  });
});

describe("dressed prose", () => {
  const taskLink = (number: number): string | null => (number === 12 ? "/w/x/tasks/12" : null);
  function html(text: string): HTMLElement {
    const box = document.createElement("div");
    for (const block of renderBlocks(text)) {
      if (block.kind === "prose") box.append(dress(block.content, { under: 1, taskLink, whole: false }));
    }
    return box;
  }

  it("links #12 where there is such a task, and nowhere else", () => {
    const box = html("see #12, (#12) and #13, a#12, #12x, `#12`, [#12](https://example.com)\n\n#12");
    expect([...box.querySelectorAll("a")].map((a) => [a.getAttribute("href"), a.textContent])).toEqual([
      ["/w/x/tasks/12", "#12"],
      ["/w/x/tasks/12", "#12"],
      ["https://example.com", "#12"],
      ["/w/x/tasks/12", "#12"],
    ]);
    expect(box.textContent).toContain("see #12, (#12) and #13, a#12, #12x, #12, #12");
  });

  it("lets no link be anything that a text wants it to be", () => {
    expect(html("[x](/w/x/settings) [y](//evil.example) [x](javascript:alert)").querySelectorAll("a")).toHaveLength(0);
  });

  it("looks up no more tasks than somebody would write of", () => {
    let asked = 0;
    const [block] = renderBlocks(Array.from({ length: 5000 }, (_, at) => `#${at}`).join(" "));
    if (block?.kind !== "prose") throw new Error("no prose");
    dress(block.content, { under: 1, whole: false, taskLink: () => (asked++, null) });
    expect(asked).toBe(200);
  });

  it("says where a link leads while somebody decides", () => {
    const box = document.createElement("div");
    for (const block of renderBlocks("[here](https://e.example/a) https://e.example/b [a@b.c](mailto:a@b.c) <x@y.z>")) {
      if (block.kind === "prose") box.append(dress(block.content, { under: 1, taskLink, whole: true }));
    }
    expect(box.textContent.trim()).toBe("here (https://e.example/a) https://e.example/b a@b.c x@y.z");
  });

  it("names what hides in it, where it stands", () => {
    const box = html("a\u202eb [c\u200b](https://e.example) `d\u2066` 👩‍💻");
    expect(box.textContent).toContain("aU+202Eb cU+200B dU+2066 👩‍💻");
    expect([...box.querySelectorAll("span.hidden")].map((one) => one.getAttribute("title"))).toEqual([
      "right-to-left override",
      "zero-width space",
      "left-to-right isolate",
    ]);
  });

  it("leaves no level of headings out", () => {
    const levels = [...html("### a\n\n# b\n\n###### c\n\n## d").querySelectorAll("h1, h2, h3, h4, h5, h6")];
    expect(levels.map((one) => Number(one.tagName.slice(1)))).toEqual([2, 2, 3, 3]);
  });

  it("says of a box whether it is ticked", () => {
    const boxes = [...html("- [x] made\n- [ ] told").querySelectorAll("li.check [role=img]")];
    expect(boxes.map((box) => box.getAttribute("aria-label"))).toEqual(["Done:", "To do:"]);
    expect(html("- [x] made").textContent?.trim()).toBe("☑made");
  });

  it("lets a table scroll in itself, and each block run in its own direction", () => {
    const box = html("שלום\n\n| a |\n|---|\n| 1 |");
    expect(box.querySelector(".table > table")).not.toBeNull();
    expect([...box.querySelectorAll("p")].map((one) => one.getAttribute("dir"))).toEqual(["auto"]);
  });

  it("has the code of lists apart, in order", () => {
    const [block] = renderBlocks("1. a\n   ```sh\n   one\n   ```\n2. b\n   ```js\n   two\n   ```");
    if (block?.kind !== "prose") throw new Error("no prose");
    expect(block.code).toEqual([
      { text: "one", lang: "sh" },
      { text: "two", lang: "js" },
    ]);
    expect(block.content.querySelectorAll("pre")).toHaveLength(2);
  });

  it.each([
    "<style>*{display:none}</style>",
    "<form action=/x><input></form>",
    '<img src=x onerror="x()">',
    '<a href="https://example.com" style="position:fixed" onclick="x()">x</a>',
    "<svg><script>x()</script></svg>",
    "<iframe src=https://example.com></iframe>",
    "[x](https://example.com 'a\" onclick=\"x()')",
  ])("makes nothing of %s", (text) => {
    const box = html(text);
    expect(box.querySelector("style, form, input, img, svg, script, iframe")).toBeNull();
    for (const element of box.querySelectorAll("*")) {
      for (const { name } of element.attributes) expect(name).not.toMatch(/^(on|style$)/u);
    }
  });

  it.each([
    [">", ">".repeat(5000)],
    ["-", `${"- ".repeat(2000)}x`],
    ["[", "[".repeat(5000)],
    ["*", "*a ".repeat(3000)],
  ])("shows something of %s without end", (_, text) => {
    expect(renderBlocks(text).length).toBeGreaterThan(0);
  });

  it("shows ten thousand lines as they are", () => {
    const text = "- a\n".repeat(10_000);
    expect(renderBlocks(text)).toEqual([{ kind: "bytes", text, lang: "" }]);
  });
});

describe("kindOf", () => {
  it.each([
    ["image/png", "a.png", "image"],
    ["image/svg+xml", "a.svg", "image"],
    ["image/tiff", "a.tiff", "file"],
    ["text/html", "a.html", "text"],
    ["application/xhtml+xml", "a.xhtml", "text"],
    ["application/pdf", "a.pdf", "pdf"],
    ["text/plain", "a.patch", "diff"],
    ["text/x-diff; charset=utf-8", "a", "diff"],
    ["text/csv", "a", "table"],
    ["application/octet-stream", "a.json", "text"],
    ["audio/wav", "a.wav", "audio"],
    ["video/webm", "a", "video"],
    ["application/zip", "a.zip", "file"],
    ["audio/x;y, text/html", "a", "audio"],
  ])("%s, %s is %s", (mimeType, filename, kind) => {
    expect(kindOf({ mimeType, filename, size: 10 })).toBe(kind);
  });

  it("shows nothing that is too large to be shown", () => {
    expect(kindOf({ mimeType: "text/plain", filename: "a.txt", size: 20e6 })).toBe("file");
  });
});

describe("readSheet", () => {
  it.each([
    [
      "a,b\n1,2\n",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      'a,b\r\n"x, y","say ""so"""\r\n',
      [
        ["a", "b"],
        ["x, y", 'say "so"'],
      ],
    ],
    [
      "a\tb\n1\t\n",
      [
        ["a", "b"],
        ["1", ""],
      ],
    ],
    [
      "a;b\n1;2",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    ['"two\nlines",b', [["two\nlines", "b"]]],
    ['"never closed', [["never closed"]]],
    ["\ufeffa,b", [["a", "b"]]],
    ["", []],
  ])("reads %j", (text, rows) => {
    expect(readSheet(text, 10)).toEqual({ rows, more: 0 });
  });

  it("counts what is beyond", () => {
    expect(readSheet("a\n1\n2\n3\n", 2)).toEqual({ rows: [["a"], ["1"]], more: 2 });
  });
});

describe("a thread", () => {
  const said = (index: number, at: string, who: string, more: Partial<Message> = {}): Message => ({
    id: `m${index}`,
    task: "t",
    index,
    author: { kind: "agent", name: who },
    text: "x",
    attachments: [],
    verdict: null,
    choices: null,
    edited: null,
    inReplyTo: null,
    at,
    revision: 1,
    ...more,
  });
  const now = Date.parse("2026-11-21T12:00:00");

  it("joins what one author says within five minutes", () => {
    const items = arrange(
      [
        said(1, "2026-11-21T10:00:00", "a"),
        said(2, "2026-11-21T10:04:00", "a"),
        said(3, "2026-11-21T10:09:30", "a"),
        said(4, "2026-11-21T10:09:40", "b"),
        said(5, "2026-11-21T10:09:50", "b", { verdict: "approved" }),
      ],
      now,
    );
    expect(items.map(({ joined }) => joined)).toEqual([false, true, false, false, false]);
  });

  it("begins each day once", () => {
    const items = arrange(
      [said(1, "2026-11-20T23:59:00", "a"), said(2, "2026-11-21T00:01:00", "a"), said(3, "2026-11-21T00:02:00", "a")],
      now,
    );
    expect(items.map(({ day, joined }) => [day, joined])).toEqual([
      ["Yesterday", false],
      ["Today", false],
      [null, true],
    ]);
  });

  it("keeps its stretches where earlier messages arrive", () => {
    const items = arrange(
      Array.from({ length: 100 }, (_, at) => said(at + 1, "2026-11-21T10:00:00", "a")),
      now,
    );
    const all = inStretches(items, 40);
    const late = inStretches(items.slice(60), 40);
    expect(all.map(({ key, items }) => [key, items.length])).toEqual([
      [0, 39],
      [1, 40],
      [2, 21],
    ]);
    expect(late.at(-1)).toEqual(all.at(-1));
    expect(late.map(({ key }) => key)).toEqual([1, 2]);
  });

  it("is quoted line by line", () => {
    expect(quoted("a\n\n> b\n")).toBe("> a\n>\n> > b");
  });
});
