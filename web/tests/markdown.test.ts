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

  it.each([
    "Yes.",
    'Two lines\nof one paragraph.\n\nAnd another, with 1 < 2 & "quotes".',
    "  indented, and with spaces at the end  \nof a line\n\n\n\nfar below ",
    "snake_case_words, 2 * 3 * 4, a ~ b, C# and #12, an & and an &amp;, 90 % (of all)!",
    "ساعة واحدة\n<not a tag",
  ])("shows words without marks as it shows them beside others: %s", (text) => {
    const beside = html(`${text}\n\n**marked**`);
    expect(`${html(text)}<p><strong>marked</strong></p>`).toBe(beside.replaceAll("</p>\n", "</p>"));
    expect(beside).not.toMatch(/<(?!\/?(p|strong|br)>)/u);
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

  it("shows what a name of a character is, not the character", () => {
    expect(html("a&#x202E;b &#8203; &amp; &nbsp;")).toBe("<p>a&amp;#x202E;b &amp;#8203; &amp;amp; &amp;nbsp;</p>");
  });

  it("shows definitions, titles and addresses that lead nowhere", () => {
    const shown = html(
      '[a]: # (words)\n[a]: https://e.example "more"\n\n[x](https://e.example "a title") ![y](data:z "of it")',
    );
    for (const words of ["[a]: # (words)", "“a title”", "Image: y (data:z “of it”)"]) expect(shown).toContain(words);
    expect(shown).toContain("more");
  });

  it("leaves the numbers of a list as they were written", () => {
    expect(html("7. a\n3. b")).toMatch(/<li value="7">a<\/li>\s*<li value="3">b<\/li>/);
  });

  it("shows a block of which words would be lost as the text it is", () => {
    const table = "| a |\n|---|\n| b | c |\n";
    expect(
      renderBlocks(`x\n\n${table}\ny`).map((block) => (block.kind === "bytes" ? block.text.trim() : "prose")),
    ).toEqual(["prose", table.trim(), "prose"]);
  });

  it.each([
    ["underscores", "a__"],
    ["stars that nothing ends", "h&*"],
    ["stars", "*a **b "],
    ["brackets", "[a]("],
    ["spaces", " "],
    ["ticks", "`` ` "],
    ["waves", "~a ~~"],
    ["angles", "<a "],
    ["addresses", "a@b."],
    ["bangs", "![a"],
    ["backslashes", "\\a["],
  ])("takes %s without end as they are: what would grow as their square is not begun", (_, piece) => {
    const text = `a${piece.repeat(Math.floor(60_000 / piece.length))}a`;
    expect(renderBlocks(text)).toEqual([{ kind: "bytes", text, lang: "" }]);
  });

  it.each([">", "- ", "1. ", "> - "])("takes %j within itself without end as it is", (piece) => {
    const text = `${piece.repeat(Math.floor(60_000 / piece.length))}x`;
    expect(renderBlocks(text)).toEqual([{ kind: "bytes", text, lang: "" }]);
  });

  it("has patience with everything that people and agents write", () => {
    const sentence =
      "It does **this**, and `that`, [there](https://e.example/a_b): see #12, *really*, as was said before it and will be after. ";
    const paragraph = sentence.repeat(15);
    const list = Array.from({ length: 300 }, (_, at) => `- **${at}** \`module-${at}\` starts in _half_ the time`).join(
      "\n",
    );
    const table = `| a | b |\n|---|---|\n${"| `one` | **two** and three |\n".repeat(300)}`;
    const text = `${`${paragraph}\n\n`.repeat(12)}${list}\n\n${table}`;
    expect(renderBlocks(text).map(({ kind }) => kind)).toEqual(["prose"]);
  });

  it("takes a huge text as it is", () => {
    const text = "*".repeat(200_000);
    expect(renderBlocks(text)).toEqual([{ kind: "bytes", text, lang: "" }]);
  });

  it("shows a text with what HTML cannot hold as it is", () => {
    const text = "drop\0 **it**";
    expect(renderBlocks(text)).toEqual([{ kind: "bytes", text, lang: "" }]);
  });
});
