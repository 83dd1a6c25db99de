// On a first visit the server is asked while the rules are still on their way; each answer is taken by whoever asks for it, once.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { keepSessionKey } from "../src/lib/api/http";
import { whoAmI } from "../src/lib/api/session";
import { fetchSnapshot } from "../src/lib/api/tasks";
import { forgetAll } from "../src/lib/state/belongings";
import { askForFirst } from "../src/lib/state/first-visit";

let asked: string[];
let answer: (path: string) => Response;
beforeEach(() => {
  asked = [];
  answer = (path) => Response.json({ answer: asked.length, person: { id: "p", name: path } });
  keepSessionKey("key");
  vi.stubGlobal("fetch", async (path: string) => {
    asked.push(path);
    return answer(path);
  });
});
afterEach(() => {
  forgetAll();
  keepSessionKey(null);
  vi.unstubAllGlobals();
});

const FIRST = ["/api/session", "/api/workspaces", "/api/workspaces/w/snapshot"];

it("asks for who it is, for the workspaces and for the tasks at once, and for nothing a second time", async () => {
  askForFirst("w");
  expect(asked).toEqual(FIRST);
  expect((await whoAmI()).id).toBe("p");
  expect(JSON.parse(await fetchSnapshot("w"))).toMatchObject({ answer: 3 });
  expect(asked).toEqual(FIRST);
});

it("asks anew for what was taken already", async () => {
  askForFirst("w");
  await fetchSnapshot("w");
  expect(JSON.parse(await fetchSnapshot("w"))).toMatchObject({ answer: 4 });
});

it("asks anew when nobody wanted the answer soon", async () => {
  vi.useFakeTimers();
  try {
    askForFirst("w");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(JSON.parse(await fetchSnapshot("w"))).toMatchObject({ answer: 4 });
  } finally {
    vi.useRealTimers();
  }
});

it("asks again for what was refused, and then says why", async () => {
  answer = () => Response.json({ code: "busy", title: "Busy" }, { status: 503 });
  askForFirst("w");
  await expect(fetchSnapshot("w")).rejects.toMatchObject({ problem: { status: 503 } });
  expect(asked).toEqual([...FIRST, "/api/workspaces/w/snapshot"]);
});

it("gives nobody what the one before has asked for", async () => {
  askForFirst("w");
  forgetAll();
  expect(JSON.parse(await fetchSnapshot("w"))).toMatchObject({ answer: 4 });
});

it("asks nobody where nobody is signed in, or where the page is kept", () => {
  keepSessionKey(null);
  askForFirst("w");
  keepSessionKey("key");
  vi.stubGlobal("navigator", { serviceWorker: { controller: {} } });
  askForFirst("w");
  expect(asked).toEqual([]);
});
