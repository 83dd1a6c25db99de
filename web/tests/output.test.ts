// What background work prints, followed: from near its end, over breaks, in a room that does not grow, and without moving what somebody reads.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Held, MOST_CHARACTERS, MOST_LINES } from "../src/lib/output/held";
import { Output, PIECE } from "../src/lib/output/output.svelte";
import { Beginning, linesOf, wholeCharacters } from "../src/lib/output/pieces";
import { AnsiReader } from "../src/lib/text/ansi";
import { PLAIN } from "../src/lib/text/sgr";
import { Line } from "../src/lib/text/written";
import { OutputServer } from "./lib/outputs";

// Whether asking again is of any use is core's to say: here it is said without it.
vi.mock("../src/lib/sync/replica", () => ({
  isKeptOut: async ({ status }: { status: number }) => [401, 403, 404].includes(status),
}));

const until = (what: () => unknown): Promise<void> =>
  vi.waitFor(() => expect(what()).toBeTruthy(), { timeout: 60_000, interval: 5 });

let server: OutputServer;
let output: Output;
beforeEach(() => {
  server = new OutputServer();
  output = new Output("w", "t");
});
afterEach(() => {
  output.stop();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const texts = (): string[] => output.held.text.split("\n");
const last = (): string => output.held.at(output.held.count - 1)?.text ?? "";
const many = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, at) => `line ${from + at}\n`).join("");
const streams = (): string[] => server.asked.filter(({ stream }) => stream).map(({ path }) => path);

function hide(state: "hidden" | "visible"): void {
  vi.spyOn(document, "visibilityState", "get").mockReturnValue(state);
  document.dispatchEvent(new Event("visibilitychange"));
}

describe("following", () => {
  test("shows what was printed and what is printed, as it is printed, and says when all of it is here", async () => {
    server.print("one\ntw");
    output.start();
    await until(() => last() === "tw");
    expect(output.standing).toBe("live");
    server.print("o\nthree 🐝\n");
    await until(() => output.held.count === 3);
    expect(texts()).toEqual(["one", "two", "three 🐝", ""]);
    server.end();
    await until(() => output.standing === "ended");
    expect(server.streams).toBe(0);
    expect(streams()).toEqual([`/api/workspaces/w/tasks/t/output?tail=${PIECE}`]);
  });

  test("of a task that has printed nothing waits, and says nothing", async () => {
    output.start();
    await until(() => output.standing === "live");
    expect([output.held.count, output.hasEarlier]).toEqual([0, false]);
    server.print("at last\n");
    await until(() => output.held.count === 1);
  });

  test("goes on where it was after a break: nothing is missing, nothing stands twice", async () => {
    output.start();
    server.print("before\nthe br");
    await until(() => last() === "the br");
    server.break();
    server.print("eak\nafter\n");
    await until(() => last() === "after");
    expect(texts()).toEqual(["before", "the break", "after", ""]);
    expect(streams().at(-1)).toContain("?offset=13");
  });

  test("begins with a whole line near the end of what is long, and the rest is read on demand", async () => {
    const lines = many(0, 40_000);
    server.print(lines);
    output.start();
    await until(() => last() === "line 39999");
    expect(output.hasEarlier).toBe(true);
    const [first] = texts();
    expect(first).toMatch(/^line \d+$/u);
    const before = output.held.first;
    await output.loadEarlier();
    expect(output.held.first).toBeLessThan(before);
    // What was there keeps its numbers, and what is before it joins it.
    expect(output.held.at(before - output.held.first)?.text).toBe(first);
    expect(lines).toContain(output.held.text);
    while (output.hasEarlier && !output.hasLater) await output.loadEarlier();
    expect(output.following).toBe(false);
  });

  test("stops where the server has no such task", async () => {
    server.status = 404;
    output.start();
    await until(() => output.standing === "gone");
    expect(server.asked).toHaveLength(1);
  });

  test("tries again where the network fails, and knows that there is none", async () => {
    server.print("here\n");
    server.online = false;
    output.start();
    await until(() => output.standing === "waiting");
    vi.spyOn(navigator, "onLine", "get").mockReturnValue(false);
    dispatchEvent(new Event("offline"));
    expect(output.online).toBe(false);
    server.online = true;
    vi.spyOn(navigator, "onLine", "get").mockReturnValue(true);
    dispatchEvent(new Event("online"));
    await until(() => last() === "here");
    expect(output.online).toBe(true);
  });

  test("rests while nobody looks for long, and goes on as soon as somebody does", async () => {
    server.print("one\n");
    output.start();
    await until(() => output.held.count === 1);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    hide("hidden");
    vi.advanceTimersByTime(30_000);
    expect(output.standing).toBe("live");
    hide("visible");
    hide("hidden");
    vi.advanceTimersByTime(60_000);
    expect([output.standing, server.streams]).toEqual(["resting", 0]);
    vi.useRealTimers();
    server.print("two\n");
    hide("visible");
    await until(() => last() === "two");
    expect(texts()).toEqual(["one", "two", ""]);
  });

  test("ends with what shows it", async () => {
    output.start();
    await until(() => server.streams === 1);
    output.stop();
    expect(server.streams).toBe(0);
  });
});

describe("what is no longer kept", () => {
  test("is said where it stood, in the stream and before all that is left", async () => {
    output.start();
    server.print("first\n");
    await until(() => output.held.count === 1);
    server.break();
    server.print(many(0, 100));
    server.cut(106);
    await until(() => last() === "line 99");
    const cut = output.held.at(1);
    expect([cut?.isCut, cut?.from, cut?.to]).toEqual([true, 6, 106]);
  });

  test("is said where somebody asks for it, once", async () => {
    server.print(many(0, 60_000));
    server.cut(200_000);
    output.start();
    await until(() => last() === "line 59999");
    while (output.hasEarlier) await output.loadEarlier();
    const [first, second] = [output.held.at(0), output.held.at(1)];
    expect([first?.isCut, first?.from, second?.isCut]).toEqual([true, 0, false]);
    expect(first?.to).toBe(second?.from);
  });
});

describe("what is read later of an output that has ended", () => {
  const wide = (to: number): string => Array.from({ length: to }, (_, at) => `${`line ${at}`.padEnd(39)}\n`).join("");

  beforeEach(async () => {
    output.start();
    server.print(many(0, 1000));
    await until(() => output.held.count === 1000);
    output.pause();
    server.print(wide(50_000));
    server.end();
    await until(() => output.standing === "ended");
    expect(output.hasLater).toBe(true);
  });

  test("goes on to its end, though a piece is shorter because some of it is no longer kept", async () => {
    const { to } = output.held;
    server.cut(to + PIECE / 2);
    await output.loadLater();
    expect([output.hasLater, output.held.to < server.bytes.length]).toEqual([true, true]);
    expect(output.held.lines.filter(({ isCut }) => isCut).map(({ from, to: end }) => [from, end])).toEqual([
      [to, to + PIECE / 2],
    ]);
    while (output.hasLater) await output.loadLater();
    expect(last().trim()).toBe("line 49999");
  });

  test("goes on to its end, however short the pieces are that the server gives", async () => {
    server.most = 100_000;
    await output.loadLater();
    expect(output.hasLater).toBe(true);
    while (output.hasLater) await output.loadLater();
    expect(last().trim()).toBe("line 49999");
  });

  test("is that it is no longer kept, where nothing is left", async () => {
    const { to } = output.held;
    server.cut(server.bytes.length);
    await output.loadLater();
    const cut = output.held.at(output.held.count - 1);
    expect([output.hasLater, cut?.isCut, cut?.from, cut?.to]).toEqual([false, true, to, server.bytes.length]);
  });
});

describe("who reads further up", () => {
  test("is told how many lines have come, and shown them when they want them", async () => {
    output.start();
    server.print("one\n");
    await until(() => output.held.count === 1);
    output.pause();
    server.print("two\nthree\n");
    await until(() => output.fresh === 2);
    output.follow();
    expect([output.following, output.fresh, texts().length]).toEqual([true, 0, 4]);
  });

  test("loses nothing of what they read however much comes: that is read later, or left out for the end", async () => {
    output.start();
    server.print(many(0, 1000));
    await until(() => output.held.count === 1000);
    output.pause();
    server.print(many(1000, 45_000));
    await until(() => output.fresh === 44_000);
    expect([output.hasLater, output.held.first, output.held.at(0)?.text]).toEqual([true, 0, "line 0"]);
    expect(output.held.count).toBeLessThan(MOST_LINES + 2000);

    const end = output.held.to;
    await output.loadLater();
    expect(output.held.to).toBeGreaterThan(end);
    while (output.hasLater) await output.loadLater();
    expect(last()).toBe("line 44999");
    const { lines } = output.held;
    expect(lines.every(({ from }, at) => at === 0 || from === lines[at - 1]?.to)).toBe(true);

    // It is followed from there on.
    server.print("more\n");
    await until(() => last() === "more");
    expect(texts().slice(-3)).toEqual(["line 44999", "more", ""]);
  });

  test("comes back to the end over what was left out", async () => {
    output.start();
    server.print("begin\n");
    await until(() => output.held.count === 1);
    output.pause();
    server.print(many(0, 60_000));
    await until(() => output.hasLater && output.fresh === 60_000);
    output.follow();
    await until(() => last() === "line 59999");
    expect([output.hasLater, output.hasEarlier]).toEqual([false, true]);
    server.print("more\n");
    await until(() => last() === "more");
  });
});

describe("what is held", () => {
  test("stays as large as it is however long it is followed, by lines and by characters", () => {
    const held = new Held();
    const reader = new AnsiReader();
    const follow = (text: string): void => {
      held.append(reader.push(text));
      if (held.isFull) held.letOldestGo();
    };
    for (let at = 0; at < 60; at++) follow(many(at * 1000, at * 1000 + 1000));
    expect(held.lines.length).toBeLessThanOrEqual(MOST_LINES + 1000);
    expect(held.lines.at(-1)?.text).toBe("line 59999");
    expect(held.first + held.lines.length).toBe(60_000);
    expect(held.from).toBe(held.lines[0]?.from);
    for (let at = 0; at < 100; at++) follow(`${"x".repeat(100_000)}\n`);
    expect(held.text.length).toBeLessThanOrEqual(MOST_CHARACTERS + 200_000);
  });

  test("lets the newest go where earlier ones come", () => {
    const held = new Held();
    held.append(new AnsiReader(1000).push(many(0, MOST_LINES)));
    held.open = new Line([{ text: "open", style: PLAIN }], 0, 4);
    held.prepend(new AnsiReader().push(many(0, 1000)));
    expect([held.first, held.isFull]).toEqual([-1000, true]);
    held.letNewestGo();
    expect([held.lines.length, held.open, held.at(1000)?.text]).toEqual([MOST_LINES, null, "line 0"]);
  });

  test("takes more lines at once than a call takes arguments", () => {
    const held = new Held();
    held.append(new AnsiReader(1000).push("last\n"));
    held.prepend(new AnsiReader().push("\n".repeat(500_000)));
    expect([held.first, held.lines.length, held.lines.at(-1)?.text]).toEqual([-500_000, 500_001, "last"]);
  });

  test("is copied as it was printed, without its colours", () => {
    const held = new Held();
    const reader = new AnsiReader();
    held.append(reader.push(`\u001b[31mred\u001b[0m\n${"x".repeat(5000)}\nend`));
    held.open = reader.open;
    expect(held.text).toBe(`red\n${"x".repeat(5000)}\nend`);
  });
});

describe("a piece", () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

  test("begins with its first whole line, unless it begins where the output does", () => {
    expect(linesOf(0, bytes("one\ntwo\n")).map(({ text, from }) => [text, from])).toEqual([
      ["one", 0],
      ["two", 4],
    ]);
    expect(linesOf(100, bytes("one\ntwo\n")).map(({ text, from }) => [text, from])).toEqual([["two", 104]]);
    expect(linesOf(100, bytes("🐝x").subarray(2))[0]?.text).toBe("x");
  });

  test("ends with a whole character", () => {
    for (const text of ["", "a", "ä", "€", "🐝"])
      for (let cut = 1; cut <= bytes(text).length; cut++)
        expect(wholeCharacters(bytes(`x${text}`).subarray(0, cut)), `${text} ${cut}`).toBe(1);
    expect(wholeCharacters(bytes("x🐝"))).toBe(5);
    expect(wholeCharacters(new Uint8Array([0x80, 0x80, 0x80, 0x80]))).toBe(4);
  });

  test("of a stream waits for a line's end, and not for ever", () => {
    const beginning = new Beginning();
    expect(beginning.of("half a li")).toBeNull();
    expect(beginning.of("ne\nä whole")).toEqual({ text: "ä whole", skipped: 3 });
    expect(new Beginning().of("x".repeat(100_000))).toEqual({ text: "", skipped: 100_000 });
  });
});
