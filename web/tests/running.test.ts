// An open background task: what it says of itself, what it prints, and how it is stopped.
import { flushSync, mount, tick, unmount, type Component } from "svelte";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Draft } from "../src/lib/model/commands";
import type { Delivery, Job } from "../src/lib/model/types";
import { announcer } from "../src/lib/state/announcer.svelte";
import { backgroundOf, isJob, type JobTask } from "../src/lib/state/background";
import type { WorkspaceStore } from "../src/lib/state/workspace.svelte";
import BackgroundPart from "../src/lib/ui/Background.svelte";
import JobPart from "../src/lib/ui/job/Job.svelte";
import { agent, task } from "./fixtures";
import Shown from "./lib/Shown.svelte";
import { observers } from "./lib/observers";
import { OutputServer } from "./lib/outputs";
import { comes } from "./lib/comes";

vi.mock("../src/lib/sync/replica", () => ({
  isKeptOut: async () => false,
  rules: () => ({ urgency: () => 4, hidden: () => [] }),
}));

beforeAll(observers);

const asked: Draft[] = [];
let deliveries: Partial<Delivery>[] = [];
const store = {
  id: "w",
  agents: [agent({ name: "runner-1", displayName: "The runner" })],
  meId: "p1",
  online: true,
  task: () => null,
  deliveries: () => deliveries,
  do: (draft: Draft) => (asked.push(draft), null),
} as unknown as WorkspaceStore;

function job(some: Partial<Job> = {}, status: "ongoing" | "completed" | "failed" = "ongoing"): JobTask {
  const startedAt = new Date(Date.now() - 192_000).toISOString();
  const running = task({
    title: "Run the tests",
    status,
    work: {
      list: "main",
      number: 1,
      fence: 1,
      holder: "runner-1",
      job: { kind: "local_bash", command: "npm test", timeoutMs: 600_000, startedAt, ...some },
    },
  });
  if (!isJob(running)) throw new Error("it is one");
  return running;
}

let server: OutputServer;
let standing: ReturnType<typeof mount> | undefined;
beforeEach(() => {
  server = new OutputServer();
  asked.length = 0;
  deliveries = [];
});
afterEach(async () => {
  if (standing) await unmount(standing);
  standing = undefined;
  document.body.replaceChildren();
  vi.unstubAllGlobals();
});

function open(shown: JobTask): void {
  standing = mount(JobPart, { target: document.body, props: { store, task: shown } });
  flushSync();
}
/** What stands and changes. */
function follow(of: unknown, first: Record<string, unknown>): (some: Record<string, unknown>) => Promise<void> {
  const shown = mount(Shown, {
    target: document.body,
    props: { of: of as Component<Record<string, unknown>>, first },
  });
  standing = shown;
  flushSync();
  return async (some) => {
    shown.change(some);
    flushSync();
    await tick();
  };
}
const find = <E extends HTMLElement>(selector: string): E => {
  const found = document.querySelector<E>(selector);
  if (!found) throw new Error(`there is no ${selector}`);
  return found;
};
const button = (name: RegExp): HTMLButtonElement => {
  const found = [...document.querySelectorAll("button")].find((one) =>
    name.test(one.getAttribute("aria-label") ?? one.textContent),
  );
  if (!found) throw new Error(`there is no button ${name}`);
  return found;
};
const press = (name: RegExp): void => {
  button(name).click();
  flushSync();
};
const log = (): HTMLElement => find('[role="log"]');
const lines = (): string[] => [...log().querySelectorAll(".line")].map((line) => line.textContent);
const printed = (text: string): Promise<void> => comes(() => expect(lines().join("\n")).toContain(text));
const facts = (): Record<string, string> =>
  Object.fromEntries(
    [...document.querySelectorAll("dl > div")].map((one) => [
      one.querySelector("dt")?.textContent ?? "",
      one.querySelector("dd")?.textContent.trim() ?? "",
    ]),
  );

describe("an open background task", () => {
  it("says what runs, where, since when, for how long and for how long at most", () => {
    open(job());
    expect(document.querySelector("h2")?.textContent).toBe("Shell command");
    expect(find("pre").textContent).toBe("npm test");
    expect(facts()).toMatchObject({ "Runs on": "The runner", "Running for": "3 min 12 s", Timeout: "10 min" });
    expect(facts()["Started"]).toMatch(/\d\d:\d\d:\d\d$/u);
  });

  it("is stopped with one press, by the way that all commands go, and keeps the focus there", () => {
    const running = job();
    open(running);
    const stop = button(/^Stop #1$/u);
    expect(stop.dataset["key"]).toBe("stop");
    stop.focus();
    stop.click();
    expect(asked).toEqual([{ type: "stopWork", task: running.id }]);
  });

  it("says that it was asked to end, and is not asked again", () => {
    deliveries = [{ kind: "stop", agent: "runner-1", state: "queued", copies: 1, redelivered: false }];
    open(job({ stop: { at: new Date().toISOString(), unconfirmed: true, by: { kind: "system" } } }));
    expect(find(".job").textContent).toContain("Queued: no agent is connected");
    const stop = button(/^Stop requested, not confirmed: end it where it runs$/u);
    expect(stop.getAttribute("aria-disabled")).toBe("true");
    stop.click();
    expect(asked).toEqual([]);
  });

  it("says how it ended, and has no button then", async () => {
    server.end();
    open(job({ endedAt: new Date().toISOString(), exitCode: 2 }, "failed"));
    expect(facts()).toMatchObject({ "Exit code": "2", "Ran on": "The runner" });
    expect(() => button(/^Stop/u)).toThrow();
    await comes(() => expect(find(".said").textContent).toBe("Failed with exit code 2"));
    expect(find(".none").textContent).toBe("It printed nothing.");
  });
});

describe("what becomes of an open background task", () => {
  const me = { kind: "person", id: "p1", name: "Ada" } as const;
  const asked = { at: new Date().toISOString(), by: me };
  /** What was said, with nothing left to be said again. */
  const heard = (): string => {
    const said = announcer.first || announcer.second;
    announcer.forget();
    return said;
  };
  beforeEach(() => announcer.forget());

  it("is said once when it changes, and not when it is first seen", async () => {
    const running = job();
    const show = follow(JobPart, { store, task: running });
    expect(heard()).toBe("");
    const lost = job({ lostAt: new Date().toISOString() });
    await show({ task: lost });
    expect(heard()).toMatch(/^Lost contact since/u);
    await show({ task: { ...lost, revision: 2 } });
    expect(heard()).toBe("");
    await show({ task: running });
    expect(heard()).toMatch(/^Running since/u);
    await show({ task: job({ exitCode: 2 }, "failed") });
    expect(heard()).toBe("Failed with exit code 2");
  });

  it("is not said to who has just asked for it, but what comes of it is", async () => {
    const running = job();
    const show = follow(JobPart, { store, task: running });
    await show({ task: { ...job({ stop: asked }), pending: true } });
    // It is refused, which is said where refusals are.
    await show({ task: running });
    expect(heard()).toBe("");
    await show({ task: { ...job({ stop: asked }), pending: true } });
    await show({ task: job({ stop: asked }) });
    expect(heard()).toBe("");
    await show({ task: job({ stop: { ...asked, unconfirmed: true } }) });
    expect(heard()).toBe("Stop requested, not confirmed: end it where it runs");
    await show({ task: { ...job({ stop: asked }), status: "killed" } });
    expect(heard()).toBe("Stopped by you");
    await show({ task: { ...job(), pending: true } });
    expect(heard()).toBe("");
  });

  it("leaves the focus on its heading when the button goes on which it was, and elsewhere where it is", async () => {
    const show = follow(JobPart, { store, task: job() });
    button(/^Stop/u).focus();
    await show({ task: job({ stop: asked }) });
    expect(document.activeElement).toBe(button(/^Stop requested/u));
    await show({ task: job({ stop: asked }, "completed") });
    expect(document.activeElement).toBe(find("h2"));
    await show({ task: job() });
    log().focus();
    await show({ task: job({}, "failed") });
    expect(document.activeElement).toBe(log());
  });

  it("keeps its button and says that it is asked for where only this page thinks that it is stopped", async () => {
    const waiting: JobTask = { ...job(), status: "notstarted" };
    const show = follow(JobPart, { store, task: waiting });
    button(/^Stop #1$/u).focus();
    await show({ task: { ...waiting, status: "killed", pending: true } });
    expect(document.activeElement).toBe(button(/^Stop requested…$/u));
    expect(facts()).toHaveProperty("Runs on");
  });

  it("shows the output of one run, and never that of another behind it", async () => {
    server.print("first run\n");
    server.end();
    const first = job({}, "completed");
    const again: JobTask = { ...first, status: "notstarted" };
    const show = follow(JobPart, { store, task: first });
    await printed("first run");

    // What this page thinks is not what the server knows: nothing is asked for yet.
    const before = server.asked.length;
    await show({ task: { ...again, pending: true } });
    expect([lines(), server.asked.length]).toEqual([["first run"], before]);

    server.begin();
    server.print("the second\n");
    await show({ task: again });
    await printed("the second");
    expect(lines()).toEqual(["the second"]);
    await show({ task: { ...job(), work: { ...again.work, fence: 2 } } });
    expect(lines()).toEqual(["the second"]);

    // Another takes it over.
    server.begin();
    server.print("third\n");
    await show({ task: { ...job(), work: { ...again.work, fence: 3 } } });
    await printed("third");
    expect(lines()).toEqual(["third"]);
    expect(server.streams).toBe(1);
    expect(server.asked.every(({ path }) => path.includes("tail="))).toBe(true);
  });
});

describe("its output", () => {
  it("is a log that does not speak by itself, and can be reached with the keyboard", () => {
    open(job());
    expect(log().getAttribute("aria-live")).toBe("off");
    expect(log().getAttribute("aria-label")).toBe("Output of #1");
    expect(log().tabIndex).toBe(0);
    for (const one of document.querySelectorAll("button"))
      expect((one.getAttribute("aria-label") ?? one.textContent).trim()).not.toBe("");
  });

  it("is shown in its colours as it comes, and nothing of it becomes markup", async () => {
    open(job());
    await comes(() => expect(find(".said").textContent).toContain("Following"));
    server.print("\u001b[1;32mok\u001b[0m <img src=x onerror=alert(1)>\n\u001b[38;2;1;2;3mown\u001b[0m\n");
    await printed("own");
    expect(lines()).toEqual(["ok <img src=x onerror=alert(1)>", "own"]);
    expect(log().querySelector("img")).toBeNull();
    expect(find(".f2.bold").textContent).toBe("ok");
    expect(find(".f-own").style.getPropertyValue("--fg")).toBe("#010203");
  });

  it("of tens of thousands of lines makes only those in sight", async () => {
    server.print(Array.from({ length: 15_000 }, (_, at) => `line ${at}\n`).join(""));
    open(job());
    await printed("line 14999");
    expect(lines().length).toBeLessThan(150);
    expect(find<HTMLElement>(".lines").style.height).toBe("300000px");
  });

  it("is paused and followed again: what has come meanwhile is counted", async () => {
    open(job());
    server.print("one\n");
    await printed("one");
    press(/^Pause$/u);
    expect(button(/^Pause$/u).getAttribute("aria-pressed")).toBe("true");
    server.print("two\nthree\n");
    await comes(() => expect(button(/^Paused/u).textContent).toBe("Paused: 2 new lines"));
    expect(find(".said").textContent).toContain("Paused");
    press(/^Paused/u);
    expect(() => button(/^Paused/u)).toThrow();
    expect(find(".said").textContent).toContain("Following");
  });

  it("is paused by who scrolls up", async () => {
    open(job());
    server.print(Array.from({ length: 200 }, (_, at) => `line ${at}\n`).join(""));
    await printed("line 199");
    Object.defineProperties(log(), {
      scrollHeight: { value: 4000, configurable: true },
      clientHeight: { value: 800, configurable: true },
    });
    const scroll = (top: number): void => {
      log().scrollTop = top;
      log().dispatchEvent(new Event("scroll"));
      flushSync();
    };
    scroll(3200);
    scroll(1000);
    expect(button(/^Paused/u)).toBeTruthy();
    scroll(3200);
    expect(() => button(/^Paused/u)).toThrow();
  });

  it("is searched from within: which of how many, around the ends, and closed again", async () => {
    open(job());
    server.print("error one\nfine\nerror two\n");
    await printed("two");
    const key = new KeyboardEvent("keydown", { key: "f", ctrlKey: true, bubbles: true, cancelable: true });
    log().dispatchEvent(key);
    flushSync();
    expect(key.defaultPrevented).toBe(true);
    const field = find<HTMLInputElement>('.search input[type="search"]');
    const enter = (more: KeyboardEventInit = {}): void => {
      field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, ...more }));
      flushSync();
    };
    field.value = "ERROR";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    flushSync();
    const said = (): string => find('.search [role="status"]').textContent;
    expect([said(), log().querySelectorAll("mark").length]).toEqual(["1 of 2", 2]);
    enter();
    expect(said()).toBe("2 of 2");
    enter();
    expect(said()).toBe("1 of 2");
    enter({ shiftKey: true });
    expect(said()).toBe("2 of 2");
    expect(find("mark.current").closest(".line")?.textContent).toBe("error two");
    field.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }));
    flushSync();
    expect(document.querySelector(".search")).toBeNull();
    expect(log().querySelectorAll("mark")).toHaveLength(0);
  });

  it("is wrapped or not", async () => {
    open(job());
    server.print(`${"x".repeat(100)}\n`);
    await printed("xxx");
    expect(find<HTMLElement>(".lines").style.height).toBe("100px");
    press(/^Wrap$/u);
    expect(find<HTMLElement>(".lines").style.height).toBe("20px");
    expect(find<HTMLElement>(".lines").style.minWidth).toBe("100ch");
  });

  it("says what is no longer kept where it stood", async () => {
    server.print("x".repeat(50) + "\n" + "y".repeat(12_000_000 / 1000) + "\nend\n");
    server.cut(12_000);
    open(job());
    await printed("end");
    press(/^Earlier output$/u);
    await comes(() => expect(lines()[0]).toMatch(/^12 kB no longer kept$/u));
  });

  it("says that it is not followed without a network, and nothing of what it does not know", async () => {
    server.online = false;
    vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
    open(job());
    await comes(() => expect(find(".said").textContent).toMatch(/^Running since .* · Not followed while offline$/u));
    expect(document.querySelector(".none")).toBeNull();
    vi.restoreAllMocks();
  });

  it("is not followed any more once it is not shown", async () => {
    open(job());
    await comes(() => expect(server.streams).toBe(1));
    if (standing) await unmount(standing);
    standing = undefined;
    expect(server.streams).toBe(0);
  });
});

describe("the background in the Work view", () => {
  it("says how much runs, and has for each what it is, how long it runs, and the way to end it", () => {
    const running = job();
    const done = { ...job({ endedAt: new Date().toISOString(), exitCode: 0 }, "completed"), id: "000000000a2" };
    standing = mount(BackgroundPart, {
      target: document.body,
      props: { store, background: backgroundOf([running, done]) },
    });
    flushSync();
    expect(find("header").textContent).toMatch(/Background\s*1 running, 1 done\s*1 shell/u);
    const [first, second] = [...document.querySelectorAll("li")];
    expect(first?.textContent).toMatch(/Run the tests.*npm test.*Shell command · on The runner · Running since/u);
    expect(first?.textContent).toContain("3 min 12 s");
    expect(first?.querySelector("a")?.getAttribute("href")).toBe("/w/w/tasks/000000000a1");
    expect(second?.textContent).toContain("Ended with exit code 0");
    expect(second?.querySelector("button")).toBeNull();
    press(/^Stop #1$/u);
    expect(asked).toEqual([{ type: "stopWork", task: running.id }]);
  });

  it("has the last line that each prints, as it comes and without its colours, followed for few at once", async () => {
    const many = ["a", "b", "c", "d"].map((letter) => ({ ...job(), id: `0000000000${letter}` }));
    const samples = (): string[] => [...document.querySelectorAll("samp")].map((one) => one.textContent);
    server.print(`${"earlier\n".repeat(500)}\u001b[32m✓\u001b[0m one\n`);
    const show = follow(BackgroundPart, { store, background: backgroundOf(many) });
    await comes(() => expect(samples()).toEqual(["✓ one", "✓ one", "", ""]));
    expect(server.streams).toBe(2);
    expect(server.asked.every(({ path, stream }) => stream && path.endsWith("?tail=512"))).toBe(true);
    // A line that is written over says how far it is; one that is empty says nothing.
    server.print("10%\r20%");
    await comes(() => expect(samples()[0]).toBe("20%"));
    server.print("\n\n");
    await comes(() => expect(server.streams).toBe(2));
    expect(samples()[0]).toBe("20%");

    // Whoever is over leaves its seat to the next.
    const [first, ...rest] = many as [JobTask, ...JobTask[]];
    await show({ background: backgroundOf([{ ...first, status: "completed" }, ...rest]) });
    await comes(() => expect(samples()).toEqual(["20%", "20%", ""]));
    expect(server.streams).toBe(2);
  });

  it("follows nothing while nobody looks", async () => {
    const visible = vi.spyOn(document, "visibilityState", "get");
    standing = mount(BackgroundPart, { target: document.body, props: { store, background: backgroundOf([job()]) } });
    await comes(() => expect(server.streams).toBe(1));
    visible.mockReturnValue("hidden");
    document.dispatchEvent(new Event("visibilitychange"));
    expect(server.streams).toBe(0);
    server.print("unseen\n");
    visible.mockReturnValue("visible");
    document.dispatchEvent(new Event("visibilitychange"));
    await comes(() => expect(find("samp").textContent).toBe("unseen"));
    visible.mockRestore();
  });

  it("keeps the focus where a stop was pressed, and hands it to the row's link when the task is over", async () => {
    const running = job();
    const other = { ...job(), id: "000000000b1" };
    const stop = { at: new Date().toISOString() };
    const show = follow(BackgroundPart, { store, background: backgroundOf([running, other]) });
    button(/^Stop #1$/u).focus();
    expect(document.activeElement?.closest("li")?.textContent).toContain("Run the tests");
    await show({ background: backgroundOf([{ ...running, work: job({ stop }).work } as JobTask, other]) });
    expect(document.activeElement).toBe(button(/^Stop requested$/u));
    expect(document.activeElement?.getAttribute("aria-disabled")).toBe("true");
    await show({ background: backgroundOf([job({}, "completed"), other]) });
    expect(document.activeElement?.getAttribute("href")).toBe(`/w/w/tasks/${running.id}`);
    expect(document.activeElement?.closest("ul")?.previousElementSibling?.textContent).toMatch(/^Over/u);
    // What nobody had the focus in takes it from nobody.
    await show({ background: backgroundOf([job({}, "completed"), { ...other, status: "completed" }]) });
    expect(document.activeElement?.getAttribute("href")).toBe(`/w/w/tasks/${running.id}`);
  });
});
