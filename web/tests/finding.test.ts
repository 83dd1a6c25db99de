// Finding tasks: where the words stand, and filters that stand in the address.
import { describe, expect, it } from "vitest";
import { answersOf, cleared, FACETS, filter, lasting, toggled, wantedIn } from "../src/lib/state/facets";
import { mark, passage, wordsOf } from "../src/lib/text/search";
import { task } from "./fixtures";

const eyes = {
  agents: [
    {
      name: "ci",
      displayName: "The runner",
      presence: "unknown" as const,
      since: "",
      lastHeardAt: null,
      client: null,
      revision: 1,
    },
  ],
  me: "p1",
};
const tasks = [
  task({ id: "a", number: 1, title: "Approve: Résumé upload", status: "ongoing", turn: "human", assignee: "human" }),
  task({ id: "b", number: 12, title: "Fix the build", agent: "ci", createdBy: { kind: "agent", name: "ci" } }),
  task({
    id: "c",
    number: 2,
    title: "Straße sperren",
    status: "completed",
    turn: "nobody",
    excerpt: "Nach dem Umzug",
    attachments: 2,
  }),
  task({ id: "d", number: 21, title: "Build docs", createdBy: { kind: "person", id: "p2", name: "Bo" } }),
];
const facet = (name: string) => {
  const found = FACETS.find((one) => one.name === name);
  if (!found) throw new Error(name);
  return found;
};
const ids = (query: string): string =>
  filter(tasks, wantedIn(new URLSearchParams(query)), eyes)
    .map(({ id }) => id)
    .join("");

describe("what was searched for", () => {
  it("marks the words where they stand, also where folding changes lengths", () => {
    expect(mark("A résumé, Résumé", wordsOf("resume"))).toEqual([
      { text: "A ", hit: false },
      { text: "résumé", hit: true },
      { text: ", ", hit: false },
      { text: "Résumé", hit: true },
    ]);
    expect(mark("e\u0301a\u0301b", ["ab"])).toEqual([
      { text: "e\u0301", hit: false },
      { text: "a\u0301b", hit: true },
    ]);
    expect(mark("ﬁnd it", ["it"])).toEqual([
      { text: "ﬁnd ", hit: false },
      { text: "it", hit: true },
    ]);
    expect(mark("a b, and 日本", ["a", "日"]).filter(({ hit }) => hit)).toEqual([{ text: "日", hit: true }]);
    expect(mark("tasks", ["task", "tasks", "ask"])).toEqual([{ text: "tasks", hit: true }]);
    expect(mark("plain", [])).toEqual([{ text: "plain", hit: false }]);
    expect(mark("<b>", wordsOf("<b>"))).toEqual([{ text: "<b>", hit: true }]);
  });

  it("shows the passage with a little of what stands before it", () => {
    expect(passage("a long way before the word comes", ["word"])?.map(({ text }) => text)).toEqual([
      "…ore the ",
      "word",
      " comes",
    ]);
    expect(passage("nothing", ["word"])).toBeNull();
  });
});

describe("filters", () => {
  it("want one of the answers of each question that is asked", () => {
    expect(ids("")).toBe("abcd");
    expect(ids("status=ongoing")).toBe("a");
    expect(ids("status=ongoing&status=completed")).toBe("ac");
    expect(ids("status=notstarted&agent=ci")).toBe("b");
    expect(ids("kind=approve")).toBe("a");
    expect(ids("turn=nobody")).toBe("c");
    expect(ids("for=human")).toBe("a");
    expect([ids("by=me"), ids("by=people"), ids("by=agents")]).toEqual(["ac", "d", "b"]);
    expect(ids("status=nonsense")).toBe("");
    expect(ids("other=1&q=build")).toBe("abcd");
  });

  it("count what each answer would show beside the other filters, and keep what is chosen though it shows nothing", () => {
    expect([ids("files=some"), ids("files=none")]).toEqual(["c", "abd"]);
    const wanted = wantedIn(new URLSearchParams("status=notstarted&by=me"));
    expect(answersOf(facet("status"), tasks, wanted, eyes)).toEqual([
      { value: "ongoing", label: "Ongoing", count: 1, wanted: false },
      { value: "notstarted", label: "Not started", count: 0, wanted: true },
      { value: "completed", label: "Completed", count: 1, wanted: false },
    ]);
    expect(answersOf(facet("agent"), tasks, wantedIn(new URLSearchParams()), eyes).map((one) => one.label)).toEqual([
      "None yet",
      "The runner",
    ]);
  });

  it("are set and cleared in the address beside whatever else stands there", () => {
    const query = new URLSearchParams("q=x&status=ongoing");
    expect(toggled(query, "status", "failed").toString()).toBe("q=x&status=ongoing&status=failed");
    expect(toggled(query, "status", "ongoing").toString()).toBe("q=x");
    expect(cleared(new URLSearchParams("q=x&status=ongoing&by=me&layout=board")).toString()).toBe("q=x&layout=board");
    expect(lasting(new URLSearchParams("q=x&edit=task&status=ongoing&new=task"))).toBe("?q=x&status=ongoing");
    expect(lasting(new URLSearchParams("edit=task"))).toBe("");
  });
});
