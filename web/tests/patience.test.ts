// @vitest-environment node
// How long a request waits for a network that says nothing.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { send, text, type Options } from "../src/lib/api/http";
import { EventStream } from "../src/lib/sync/stream";
import { realCore } from "./lib/core";

await realCore();
let body: ReadableStreamDefaultController<Uint8Array> | null = null;
let answers = true;
/** How each request ended. */
const ended: string[] = [];

/** A network: it answers with a head and whatever `body` is given, or not at all. */
const network = (_: string, { signal }: RequestInit = {}): Promise<Response> =>
  new Promise((answer, fail) => {
    const over = (): void => fail(signal?.reason as Error);
    signal?.addEventListener("abort", over);
    if (!answers) return;
    answer(
      new Response(
        new ReadableStream<Uint8Array>({
          start: (out) => {
            body = out;
            // As browsers do: they say that it was ended, and not why.
            signal?.addEventListener("abort", () => out.error(new DOMException("aborted", "AbortError")));
          },
        }),
      ),
    );
  });

/** Asks, and notes how it ends. */
async function ask(options: Options = {}): Promise<void> {
  ended.length = 0;
  text("/api/something", options).then(
    (got) => ended.push(got),
    (error: Error) => ended.push(error.message),
  );
  await passes(0);
}
const piece = (words: string): void => body?.enqueue(new TextEncoder().encode(words));
const passes = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
const GONE = "Nothing came back from the server.";

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", network);
  vi.stubGlobal("navigator", { onLine: true });
  vi.stubGlobal("localStorage", { getItem: () => null });
  answers = true;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("is 20 s, and then it is as if there were none", async () => {
  answers = false;
  await ask();
  await passes(19_999);
  expect(ended).toEqual([]);
  await passes(1);
  expect(ended).toEqual([GONE]);
});

it("is longer the more is sent", async () => {
  answers = false;
  await ask({ method: "POST", body: "x".repeat(80_000) });
  await passes(29_999);
  expect(ended).toEqual([]);
  await passes(1);
  expect(ended).toEqual([GONE]);
});

it("is as long as is asked for, where an answer takes its time", async () => {
  answers = false;
  await ask({ method: "DELETE", headMs: 180_000 });
  await passes(179_999);
  expect(ended).toEqual([]);
  await passes(1);
  expect(ended).toEqual([GONE]);
});

it("begins anew with every piece of the answer", async () => {
  await ask();
  for (const word of ["all ", "of ", "it"]) {
    await passes(19_000);
    piece(word);
  }
  await passes(19_000);
  body?.close();
  await passes(0);
  expect(ended).toEqual(["all of it"]);
});

it("ends also in the middle of an answer", async () => {
  await ask();
  piece("half");
  await passes(20_000);
  expect(ended).toEqual([GONE]);
});

it("leaves it to whoever asked to give up before", async () => {
  answers = false;
  const giving = new AbortController();
  const asked = send("/api/something", { signal: giving.signal });
  giving.abort(new Error("no longer wanted"));
  await expect(asked).rejects.toThrow("no longer wanted");
  expect(vi.getTimerCount()).toBe(0);
});

it("is over with an answer that has no body, whatever a browser says stands in it", async () => {
  const response = new Response(null, { status: 204 });
  Object.defineProperty(response, "body", { value: new ReadableStream() });
  vi.stubGlobal("fetch", () => Promise.resolve(response));
  await expect(send("/api/something", { method: "DELETE" })).resolves.toMatchObject({ status: 204 });
  expect(vi.getTimerCount()).toBe(0);
});

it("of an event stream is a keepalive or two more once it is open, and it connects again where nothing answers", async () => {
  vi.stubGlobal("addEventListener", () => {});
  vi.stubGlobal("removeEventListener", () => {});
  vi.stubGlobal("document", new EventTarget());
  const states: string[] = [];
  const stream = new EventStream(
    () => "/api/events",
    () => null,
    { event: () => {}, state: (state) => states.push(state), refused: () => {} },
  );
  answers = false;
  stream.start();
  await passes(20_000);
  answers = true;
  expect(states).toEqual(["connecting", "waiting"]);
  await passes(500);
  expect(states.slice(2)).toEqual(["connecting", "open"]);
  await passes(59_000);
  piece(":\n\n");
  await passes(59_000);
  expect(states).toHaveLength(4);
  await passes(1_000);
  expect(states.slice(4)).toEqual(["waiting"]);
  stream.stop();
});
