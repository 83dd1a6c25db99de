// The words of the page: asks, risks, invisible characters, times and sizes.
import { describe, expect, it } from "vitest";
import { askOf } from "../src/lib/text/ask";
import { bytes, duration, monogram, shortAge } from "../src/lib/text/format";
import { hasDeceptive, reveal } from "../src/lib/text/invisible";
import { risksOf } from "../src/lib/text/risk";
import { bareUrl, mcpJson } from "../src/lib/text/snippets";

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
      { kind: "text", text: "c\td" },
      { kind: "text", text: "\ne" },
    ]);
  });

  it("shows a lone carriage return and tag characters", () => {
    expect(reveal("\r\u{e0041}").map((piece) => (piece.kind === "hidden" ? piece.code : piece.text))).toEqual([
      "U+000D",
      "U+E0041",
    ]);
  });

  it("knows what deceives from what merely is not Latin", () => {
    expect(hasDeceptive("rm x\u202e")).toBe(true);
    expect(hasDeceptive("a\u{e0020}b")).toBe(true);
    expect(hasDeceptive("اعتماد: حذف\n\tالجلسات")).toBe(false);
    expect(hasDeceptive("👩‍👩‍👧 naïve\r\n")).toBe(false);
  });
});

describe("risksOf", () => {
  it("gives at most three, each with the passage", () => {
    const risks = risksOf("sudo rm -rf / in production\nDELETE FROM users; this is irreversible");
    expect(risks).toHaveLength(3);
    expect(risks[0]).toEqual({ word: "irreversible", reason: "It says “DELETE FROM users; this is irreversible”." });
  });

  it("finds none where there is none", () => {
    expect(risksOf("Rename a button. The product page stays.")).toEqual([]);
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
