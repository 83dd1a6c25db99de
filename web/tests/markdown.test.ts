// What agents write must never run, never call home, and never hide.
import { describe, expect, it } from "vitest";
import { renderBlocks } from "../src/lib/text/markdown";

function html(markdown: string): string {
  const box = document.createElement("div");
  for (const block of renderBlocks(markdown)) {
    if (block.kind === "prose") box.append(block.content);
    else box.append(`[${block.lang}|${block.text}]`);
  }
  return box.innerHTML;
}

describe("renderBlocks", () => {
  it("renders what Markdown is for", () => {
    expect(html("# T\n\n**b** _e_ `c`\n\n- one\n- two\n\n| a |\n|---|\n| 1 |")).toMatch(
      /<h1>T<\/h1>[^]*<strong>b<\/strong>[^]*<em>e<\/em>[^]*<code>c<\/code>[^]*<li>one<\/li>[^]*<td>1<\/td>/,
    );
  });

  it("shows raw HTML as text, comments too", () => {
    const shown = html('before <script>alert(1)</script> <b onclick="x()">b</b> <!-- hidden --> after');
    expect(shown).not.toMatch(/<script|<b |<!--/);
    expect(shown).toContain("&lt;!-- hidden --&gt;");
    expect(shown).toContain("&lt;script&gt;");
  });

  it.each([
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:x)",
    "<javascript:alert(1)>",
  ])("makes no link of %s", (markdown) => {
    expect(html(markdown)).not.toMatch(/href/);
  });

  it("opens links apart, and tells them nothing", () => {
    expect(html("[x](https://example.com/a?b=c&d)")).toBe(
      '<p><a href="https://example.com/a?b=c&amp;d" rel="noopener noreferrer nofollow" target="_blank">x</a></p>\n',
    );
  });

  it("loads no image: it becomes a link with its words", () => {
    const shown = html("![a cat](https://evil.example/pixel.png)");
    expect(shown).not.toMatch(/<img/);
    expect(shown).toContain("Image: a cat");
  });

  it("hands code over byte for byte", () => {
    expect(renderBlocks("```sh\nrm -rf <x> \u202e\n```")).toEqual([
      { kind: "bytes", text: "rm -rf <x> \u202e", lang: "sh" },
    ]);
  });

  it("keeps prose and code in their order", () => {
    expect(renderBlocks("one\n\n```\ntwo\n```\n\nthree").map((block) => block.kind)).toEqual([
      "prose",
      "bytes",
      "prose",
    ]);
  });

  it("takes a huge text as it is", () => {
    const text = "*".repeat(200_000);
    expect(renderBlocks(text)).toEqual([{ kind: "bytes", text, lang: "" }]);
  });
});
