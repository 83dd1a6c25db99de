// The words of the page: asks, risks, invisible characters, times and sizes.
import { beforeAll, describe, expect, it } from "vitest";
import { cardText } from "../src/lib/text/card";
import { rules } from "../src/lib/sync/replica";
import { askOf } from "../src/lib/text/ask";
import { bytes, duration, monogram, shortAge } from "../src/lib/text/format";
import { hasDeceptive, hiddenIn, reveal, revealWords } from "../src/lib/text/invisible";
import { fenced, partsOf } from "../src/lib/text/parts";
import { risksIn, risksOf } from "../src/lib/text/risk";
import { bareUrl, mcpJson } from "../src/lib/text/snippets";
import { task } from "./fixtures";
import { realCore } from "./lib/core";

beforeAll(realCore);

describe("askOf", () => {
  it.each([
    ["Approve: Delete it", "approve", "Approve", "Delete it"],
    ["approve:Delete it", "approve", "Approve", "Delete it"],
    ["  REVIEW : the diff", "review", "Review", "the diff"],
    ["Question： which?", "question", "Question", "which?"],
    ["Approve:", "task", null, "Approve:"],
    ["Approved: no prefix", "task", null, "Approved: no prefix"],
    ["Fix it", "task", null, "Fix it"],
  ])("%s", (title, kind, verb, object) => {
    expect(askOf(title)).toEqual({ kind, verb, object });
  });
});

describe("reveal", () => {
  it("names what cannot be seen and leaves the rest", () => {
    expect(reveal("a\u202eb\u200bc\td\r\ne")).toEqual([
      { kind: "text", text: "a" },
      { kind: "hidden", code: "U+202E", name: "right-to-left override" },
      { kind: "text", text: "b" },
      { kind: "hidden", code: "U+200B", name: "zero-width space" },
      { kind: "text", text: "c\td\ne" },
    ]);
  });

  it("shows a lone carriage return and tag characters", () => {
    expect(reveal("\r\u{e0041}").map((piece) => (piece.kind === "hidden" ? piece.code : piece.text))).toEqual([
      "U+000D",
      "U+E0041",
    ]);
  });

  it("leaves out nothing that core calls invisible", () => {
    const core = rules();
    const missed: string[] = [];
    for (let first = 0; first <= 0x10ffff; first += 0x1000) {
      // Each on a line of its own, behind nothing that it could join.
      const lines = Array.from({ length: 0x1000 }, (_, at) => String.fromCodePoint(first + at));
      const text = lines.join("\n");
      for (const at of core.hidden(text)) {
        const char = String.fromCodePoint(text.codePointAt(at) ?? 0);
        if (reveal(char)[0]?.kind !== "hidden") missed.push(char);
      }
    }
    expect(missed).toEqual([]);
    expect([..."\u{e0100}\u200e\u061c\u2028\u1160\u034f\u180e\u{e0080}\u2800\u3164"].every(hasDeceptive)).toBe(true);
  });

  it("knows what deceives from what merely is not Latin", () => {
    expect(hasDeceptive("rm x\u202e")).toBe(true);
    expect(hasDeceptive("a\u{e0020}b")).toBe(true);
    expect(hasDeceptive("اعتماد: حذف\n\tالجلسات")).toBe(false);
    expect(hasDeceptive("👩‍👩‍👧 naïve\r\n")).toBe(false);
  });

  it("leaves in words what they are made of, and names what hides among them", () => {
    const honest = "👩‍💻 ❤️ می‌خواهم a\u00a0b";
    expect(revealWords(honest)).toEqual([{ kind: "text", text: honest }]);
    expect(revealWords("🦀a\u200db\ud800\u200b")).toEqual([
      { kind: "text", text: "🦀a" },
      { kind: "hidden", code: "U+200D", name: "zero-width joiner" },
      { kind: "text", text: "b\ud800" },
      { kind: "hidden", code: "U+200B", name: "zero-width space" },
    ]);
  });

  it("says which characters hide, each once", () => {
    expect(hiddenIn("a\u202eb\u200b\u200b")).toEqual([
      { code: "U+202E", name: "right-to-left override", many: 1 },
      { code: "U+200B", name: "zero-width space", many: 2 },
    ]);
    expect(hiddenIn("nothing")).toEqual([]);
  });
});

describe("risks", () => {
  it("are at most three, each with the passage", () => {
    const risks = risksOf("sudo rm -rf / in production\nDELETE FROM users; this is irreversible");
    expect(risks).toHaveLength(3);
    expect(risks[0]).toEqual({
      word: "irreversible",
      reason: "It says “DELETE FROM users; this is irreversible”.",
      high: true,
    });
    expect(risksOf("a\u202eb")[0]?.reason).toMatch(/characters that hide or reorder text/u);
    expect(risksOf("Rename a button. The product page stays.")).toEqual([]);
  });

  it("are those of the whole task, and of its excerpt where no more is known", () => {
    expect(risksIn(task({ title: "x", excerpt: "calm", risks: ["deletes data"] }))).toEqual(["deletes data"]);
    expect(risksIn(task({ title: "x", excerpt: "sudo reboot", risks: [] }))).toEqual([]);
    expect(risksIn(task({ title: "x", excerpt: "sudo reboot" }))).toEqual(["as root"]);
  });
});

describe("formatters", () => {
  it("say durations", () => {
    expect([0, 59_999, 60_000, 3_599_999, 3_660_000, 7_200_000, 86_400_000, 200_000_000].map(duration)).toEqual([
      "<1 min",
      "<1 min",
      "1 min",
      "59 min",
      "1 h 1 min",
      "2 h",
      "1 day",
      "2 days",
    ]);
    expect([0, 240_000, 7_200_000, 200_000_000].map(shortAge)).toEqual(["now", "4m", "2h", "2d"]);
  });

  it("say sizes", () => {
    expect([0, 999, 1000, 1500, 999_499, 999_999, 26_214_400].map(bytes)).toEqual([
      "0 B",
      "999 B",
      "1.0 kB",
      "1.5 kB",
      "999 kB",
      "1.0 MB",
      "26 MB",
    ]);
  });

  it("make monograms", () => {
    expect(["Claude Sonnet", "ci-runner", "x", "", "🐝 bee"].map(monogram)).toEqual(["CS", "CR", "X", "?", "🐝B"]);
  });
});

describe("snippets", () => {
  it("never put the token into a file", () => {
    expect(bareUrl("https://a.example/mcp/w1?token=secret&agent=x")).toBe("https://a.example/mcp/w1?agent=x");
    expect(JSON.parse(mcpJson("https://a.example/mcp/w1"))).toEqual({
      mcpServers: {
        agentrq: {
          type: "sse",
          url: "https://a.example/mcp/w1",
          headers: { Authorization: "Bearer ${AGENTRQ_TOKEN}" },
        },
      },
    });
  });
});

describe("partsOf", () => {
  it("takes the one block as what it is about, and the rest as what is said", () => {
    const body = "Before.\n\n```sql\nDELETE 1;\n\nDELETE 2;\n```\n\nAfter.";
    expect(partsOf(body)).toEqual({ bytes: "DELETE 1;\n\nDELETE 2;", lang: "sql", says: "Before.\n\nAfter." });
    expect(partsOf("~~~~\nx\n~~~\n~~~~")).toEqual({ bytes: "x\n~~~", lang: "", says: "" });
    expect(partsOf("```sh && more\nx\n`````  ")).toEqual({ bytes: "x", lang: "sh && more", says: "" });
    expect(partsOf("```\r\nx\r\n```\r\n")).toEqual({ bytes: "x", lang: "", says: "" });
  });

  it.each([
    ["no block", "Just words with `code`."],
    ["two blocks", "```\na\n```\nthen\n```\nb\n```"],
    ["a diff", "```diff\n-a\n+b\n```"],
    ["an open block", "```sql\nDELETE 1;"],
    ["an empty block", "```\n```"],
    ["a block within one that never ends", "````\n```\nx\n```"],
    ["what only looks like a block", "```a`\nx\n```"],
  ])("leaves %s as it is", (_, body) => {
    expect(partsOf(body)).toEqual({ bytes: null, lang: "", says: body });
  });

  it.each([
    ["waves", "~".repeat(256 * 1024)],
    ["waves that end as something else", `${"~".repeat(256 * 1024)}\``],
    ["ticks", "`".repeat(256 * 1024)],
    ["fences that nothing ends", "```a\n".repeat(50_000)],
    ["fences of growing length", Array.from({ length: 700 }, (_, at) => `${"`".repeat(at + 3)}x`).join("\n")],
  ])("looks at each line once: %s", (_, body) => {
    expect(partsOf(body)).toEqual({ bytes: null, lang: "", says: body });
  });

  it("fences a text so that nothing in it ends the block", () => {
    expect(fenced("diff", "````\nx")).toBe("`````diff\n````\nx\n`````");
    expect(fenced("", "x\n")).toBe("```\nx\n```");
    expect(fenced("", "`a".repeat(200_000)).startsWith("```\n")).toBe(true);
  });
});

describe("a card as a text", () => {
  it("writes a card as lines, every part of it", () => {
    const options = {
      choices: [
        { id: "a", label: "A", recommended: true },
        { id: "b", label: "B", description: "why" },
      ],
      multiple: false,
      freeText: true,
    };
    expect(cardText({ title: "T", body: "x\ny", options })).toBe(
      "T\n\nChoose one of:\n- A (recommended)\n- B: why\n\nx\ny\n",
    );
  });
});
