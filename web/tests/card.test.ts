// The card on which somebody decides shows every word of what it is about, in the formatted view too, and nothing that hides.
import { flushSync, mount, tick, unmount } from "svelte";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { awaits } from "../src/lib/state/calm";
import { diffViewer, highlighter, renderer } from "../src/lib/ui/chunks.svelte";
import { diffs, printsOf } from "../src/lib/state/diffs.svelte";
import { hasDeceptive } from "../src/lib/text/invisible";
import { parseDiff } from "../src/lib/text/diff/parse";
import { message, task } from "./fixtures";
import { realCore } from "./lib/core";
import Deciding from "./lib/Deciding.svelte";
import { observers } from "./lib/observers";
import { randomly, type Randomly } from "./lib/random";
import { comes } from "./lib/comes";

beforeAll(async () => {
  observers();
  awaits(Promise.resolve());
  await realCore();
  for (const part of [renderer, highlighter, diffViewer]) await comes(() => expect(part()).not.toBeNull());
}, 60_000);

let standing: ReturnType<typeof mount> | undefined;
async function gone(): Promise<void> {
  if (standing) await unmount(standing);
  standing = undefined;
  document.body.replaceChildren();
}
afterEach(gone);

/** What the card shows of a text, with the numbers that a browser draws before the items of a list. */
async function shown(text: string, digest = "d"): Promise<string> {
  await gone();
  const asked = task({ turn: "human", assignee: "human", title: "Approve: x", digest });
  standing = mount(Deciding, { target: document.body, props: { task: asked, body: message({ text }) } });
  flushSync();
  await tick();
  await tick();
  const card = document.body.cloneNode(true) as HTMLElement;
  for (const item of card.querySelectorAll("li[value]")) item.prepend(`${item.getAttribute("value") ?? ""}. `);
  return card.textContent;
}

/** The words of a text, without what is drawn instead: the x of a ticked box, that a diff is one and git's, and how many lines a place of it has. */
const wordsOf = (text: string): string[] =>
  text
    .replace(/([-*+]) \[[xX]\] (?=\S)/gu, "$1 ")
    .replace(/^([\s>\d.]*```)diff$/gmu, "$1")
    .replace(/diff --git a\/(\S+) b\//gu, "$1 ")
    .replace(/(---|\+\+\+) [ab]\//gu, "$1 ")
    .replace(/@@ -[\d,]+ \+[\d,]+ @@/gu, "")
    .match(/[\p{L}\p{N}]+/gu) ?? [];

async function expectAll(text: string): Promise<void> {
  const card = await shown(text);
  const missing = wordsOf(text).filter((word) => !card.includes(word));
  expect(missing, `of ${JSON.stringify(text)} the card shows ${JSON.stringify(card)}`).toEqual([]);
  expect(hasDeceptive(card), `something hides in the card of ${JSON.stringify(text)}`).toBe(false);
}

/** Each makes a piece of Markdown out of words that stand nowhere else. */
const CONSTRUCTS: Record<string, (word: () => string) => string> = {
  prose: (w) => `${w()} *${w()}* **${w()}** ~~${w()}~~ \`${w()}\` ${w()}\n${w()}  \n${w()}\\\n${w()}`,
  "a definition": (w) => `[${w()}]: # (${w()} ${w()})`,
  "definitions of one name": (w) => `[a]: https://${w()}.example "${w()}"\n[a]: <${w()}> '${w()}'`,
  "a definition in a quotation": (w) => `> [${w()}]: ${w()} "${w()}"`,
  "a reference": (w) => `[${w()}][${w()}]\n\n[${w()}]: https://e.example/${w()}`,
  "a link with a title": (w) => `[${w()}](https://e.example/${w()} "${w()} ${w()}")`,
  "a link that leads nowhere": (w) => `[${w()}](javascript:${w()} "${w()}")`,
  "an image": (w) => `![${w()}](https://e.example/${w()}.png '${w()}') ![${w()}](data:${w()} "${w()}")`,
  "links that stand for themselves": (w) =>
    `<https://${w()}.example/${w()}> www.${w()}.example ${w()}@e.example <${w()}@e.example>`,
  "a table": (w) => `| ${w()} | ${w()} |\n|---|:-:|\n| ${w()} | ${w()} |\n| ${w()} |`,
  "a table with more cells than its head": (w) => `| ${w()} |\n|---|\n| ${w()} | ${w()} ${w()} |\n| ${w()} |${w()}`,
  comments: (w) => `<!-- ${w()} ${w()} -->\n\n${w()} <!-- ${w()} --> ${w()} <? ${w()} ?> <!X ${w()}>`,
  "HTML of any kind": (w) =>
    `<details><summary>${w()}</summary>\n\n${w()}\n</details>\n\n<${w()} ${w()}="${w()}">${w()}</x> <img alt="${w()}">`,
  "a raw block": (w) => `<pre ${w()}>${w()}\n${w()} &${w()};</pre>\n\n<style>${w()}</style>`,
  entities: (w) => `${w()}&#x202E;${w()}&#8203;${w()}&shy;${w()}&lrm;${w()}&amp;${w()}`,
  "hidden characters": (w) => `${w()}\u202e${w()}\u200b${w()}\u{e0041}${w()}\u{e0100} \`${w()}\u2066\``,
  "code with more than a name": (w) => `\`\`\`sh && ${w()} ${w()}\n${w()} \u202e${w()}\n\`\`\``,
  "code between waves": (w) => `~~~ ${w()} \u200b${w()}\n${w()}\n~~~~`,
  "code without an end": (w) => `\`\`\`${w()}\n${w()}\n\n${w()}`,
  "code in a list": (w) => `1. ${w()}\n   \`\`\`js ${w()}\n   ${w()}\n   \`\`\`\n2. ${w()}`,
  "indented code": (w) => `${w()}\n\n    ${w()}\n\t${w()}\n\n${w()}`,
  "numbers out of order": (w) => `7. ${w()}\n3. ${w()}\n\n   ${w()}\n1. ${w()}`,
  "boxes to tick": (w) => `- [x] ${w()}\n- [ ] ${w()}\n  - [X] ${w()}\n\n- [x]\n- ${w()}`,
  headings: (w) => `# ${w()} {#${w()}} #\n\n${w()}\n===\n${w()}\n---\n###### ${w()}`,
  quotations: (w) => `> ${w()}\n${w()}\n>> ${w()}\n> - ${w()}`,
  escapes: (w) => `\\*${w()}\\* \\[${w()}\\](${w()}) \\<!-- ${w()} --> \\&#8203;${w()}`,
  notes: (w) => `${w()}[^${w()}]\n\n[^${w()}]: ${w()}`,
  "a bare diff": (w) => `\`\`\`diff\n-${w()}\n${Array.from({ length: 12 }, () => `${w()}\n`).join("")}+${w()}\n\`\`\``,
  "a diff": (w) => {
    const same = Array.from({ length: 12 }, () => ` ${w()}\n`).join("");
    const name = w();
    return `\`\`\`diff\n${w()}\n--- a/${name}\n+++ b/${name}\n@@ -1,14 +1,14 @@ ${w()}\n-${w()}\n+${w()}\n${same}-${w()}\n+${w()}\n\`\`\``;
  },
  "a diff whose head says more": (w) => {
    const name = w();
    const hunk = `--- a/${name}\t${w()} ${w()}\n+++ b/${name}\n@@ -1 +1 @@\n-${w()}\n\\ ${w()}\n+${w()}\n`;
    return `\`\`\`diff\ndiff --git a/${w()} b/${name} b/${w()}\nindex ${w()} ${w()}\n${hunk}\`\`\``;
  },
  "a diff of other files than it names": (w) => {
    const [one, other] = [w(), w()];
    return `\`\`\`diff\ndiff --git a/${one} b/${one}\n--- a/${other}\n+++ b/${other}\n@@ -1 +1 @@\n-${w()}\n+${w()}\n\`\`\``;
  },
};

/** Words that are told apart from all others, and from the page's own. */
function words(): () => string {
  let count = 0;
  return () => `w${(++count).toString(36)}q`;
}

describe("every word of what is decided stands on the card", () => {
  it.each(Object.keys(CONSTRUCTS))("%s", async (name) => {
    const make = CONSTRUCTS[name];
    if (!make) throw new Error(name);
    await expectAll(make(words()));
    await expectAll(`Before.\n\n${make(words())}\n\nAfter.`);
  });

  it("whatever stands beside whatever", async () => {
    const seed = Number(process.env["AGENTRQ_SEED"] ?? 1);
    const all = Object.values(CONSTRUCTS);
    for (let run = 0; run < 120; run++) {
      const random: Randomly = randomly(seed + run);
      const word = words();
      const pieces = Array.from({ length: random.to(4) + 1 }, () => random.of(all)(word));
      // Some of them within others, and some broken off.
      const nested = pieces.map((piece) =>
        random.of([
          piece,
          piece,
          piece.replace(/^/gmu, "> "),
          piece.replace(/^/gmu, "   ").replace("   ", "1. "),
          piece.slice(0, random.to(piece.length) + 1),
        ]),
      );
      await expectAll(nested.join(random.of(["\n\n", "\n", " "]))).catch((error: unknown) => {
        throw new Error(`AGENTRQ_SEED=${seed + run}`, { cause: error });
      });
    }
  }, 120_000);
});

describe("a diff that was ticked off", () => {
  const diff = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-one\n+two";
  const ticked = (): boolean | undefined => document.querySelector<HTMLInputElement>("[data-viewed]")?.checked;

  it("is told from every other by the whole of its text", () => {
    const raw = (text: string): string => parseDiff(text)?.files[0]?.raw ?? "";
    expect(raw(diff)).toBe(diff);
    const prints = [
      diff,
      diff.replace("two", "2"),
      diff.replaceAll("/x", "/y"),
      `${diff}\n\\ No newline at end of file`,
    ].map((text) => printsOf(raw(text), null).own);
    expect(new Set(prints).size).toBe(4);
    for (const print of prints) expect(print).toMatch(/^[0-9a-f]{64}$/u);
  });

  it("is open and not ticked where something else is decided", async () => {
    const body = `See:\n\n\`\`\`diff\n${diff}\n\`\`\``;
    expect(await shown(body, "first")).toContain("two");
    document.querySelector<HTMLInputElement>("[data-viewed]")?.click();
    flushSync();
    expect(ticked()).toBe(true);
    expect(document.querySelector("[data-file]")?.textContent).not.toContain("two");
    expect(await shown(body, "second")).toContain("two");
    expect(ticked()).toBe(false);
    // Where nothing is decided, it is what it was.
    const raw = parseDiff(diff)?.files[0]?.raw ?? "";
    expect(diffs.viewed(printsOf(raw, null))).toBe(true);
    await shown(body, "first");
    expect(ticked()).toBe(true);
  });
});
