// Who signs out leaves nothing behind: what only they can end is ended first, and then every part of the page forgets them.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { signOut } from "../src/lib/api/session";
import { recall, remember, shown } from "../src/lib/notify/told";
import { announcer } from "../src/lib/state/announcer.svelte";
import { endAll, forgetAll } from "../src/lib/state/belongings";
import { note, recents } from "../src/lib/state/recents";
import { undo } from "../src/lib/state/undo.svelte";
import { task } from "./fixtures";
import { comes } from "./lib/comes";

interface Asked {
  method: string;
  path: string;
}
let asked: Asked[];
let answer: (request: Asked) => Response;
beforeEach(() => {
  asked = [];
  answer = () => new Response(null, { status: 204 });
  vi.stubGlobal("fetch", async (path: string, { method = "GET" }: RequestInit = {}) => {
    asked.push({ method, path });
    return answer({ method, path });
  });
});
afterEach(() => {
  forgetAll();
  vi.unstubAllGlobals();
});

const refused = (status: number): Response => Response.json({ code: "no", title: "No" }, { status });

describe("signing out", () => {
  it("of a session that was ended elsewhere is done", async () => {
    localStorage.setItem("agentrq.session-key", "key");
    answer = () => refused(401);
    await signOut();
    expect(localStorage.getItem("agentrq.session-key")).toBeNull();
  });

  it("that the server does not take is told", async () => {
    answer = () => refused(503);
    await expect(signOut()).rejects.toMatchObject({ problem: { status: 503 } });
  });
});

describe("what is a person's", () => {
  it("is neither said, shown, offered nor kept any more", async () => {
    const closed: string[] = [];
    const one = { close: () => closed.push("the page's") } as unknown as Notification;
    const left = [{ close: () => closed.push("the worker's") }];
    vi.stubGlobal("navigator", {
      serviceWorker: { getRegistration: async () => ({ getNotifications: async () => left }) },
    });
    shown.set("w/t", one);
    remember(["t now"]);
    announcer.say("New: fire Ada");
    undo.delete({ id: "w", task: () => null, do: () => null }, task({ title: "fire Ada" }));
    note("t");
    localStorage.setItem("agentrq.last-workspace", "w");
    localStorage.setItem("agentrq.diff.viewed", "print");
    localStorage.setItem("agentrq.theme", "dark");
    forgetAll();
    await comes(() => expect(closed).toEqual(["the page's", "the worker's"]));
    expect([announcer.first, announcer.second, undo.notice, undo.held.size, recents().length]).toEqual([
      "",
      "",
      null,
      0,
      0,
    ]);
    expect(recall()).toEqual([]);
    expect(Object.keys(localStorage)).toEqual(["agentrq.theme"]);
  });

  it("and only theirs to end is ended first: the practice agent's token", async () => {
    const { practice } = await import("../src/lib/practice/practice.svelte");
    practice.workspace = "w";
    const tokens = [
      { id: "theirs", label: "laptop" },
      { id: "its", label: "Practice agent" },
    ];
    answer = ({ method }) => (method === "GET" ? Response.json({ tokens }) : new Response(null, { status: 204 }));
    await endAll();
    expect(practice.workspace).toBeNull();
    expect(asked).toEqual([
      { method: "GET", path: "/api/workspaces/w/tokens" },
      { method: "DELETE", path: "/api/workspaces/w/tokens/its" },
    ]);
    asked = [];
    await endAll();
    expect(asked).toEqual([]);
  });
});
