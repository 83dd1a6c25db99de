// How things stand, in words that are true: the page with the server, and each thing that somebody said on its way.
import { describe, expect, it, test } from "vitest";
import type { Problem } from "../src/lib/api/problem";
import type { Agent, Delivery } from "../src/lib/model/types";
import { syncOf, type Standing } from "../src/lib/state/sync-words";
import { deliveryOf } from "../src/lib/text/turn";

const busy: Problem = { code: "unavailable", title: "The server is busy", detail: "Try again later.", status: 503 };
const live: Standing = { online: true, stream: "open", misfit: false, wasOpen: true, unsent: 0, trouble: null };

describe("the page", () => {
  it.each<[Partial<Standing>, string, string]>([
    [{}, "saved", "All saved"],
    [{ unsent: 1 }, "syncing", "Syncing 1 change"],
    [{ unsent: 3 }, "syncing", "Syncing 3 changes"],
    [{ unsent: 3, trouble: busy }, "trouble", "3 changes not sent: Try again later."],
    // Trouble that is over with nothing left to send is none.
    [{ trouble: busy }, "saved", "All saved"],
    [{ stream: "connecting", wasOpen: false }, "connecting", "Connecting…"],
    [{ stream: "waiting" }, "connecting", "Reconnecting…"],
    [{ stream: "waiting", unsent: 1 }, "connecting", "Reconnecting… · 1 change waits"],
    [{ online: false }, "offline", "Offline"],
    // Whatever the stream last said.
    [{ online: false, unsent: 2 }, "offline", "Offline · 2 changes wait"],
    [{ misfit: true, stream: "stopped", unsent: 2 }, "stopped", "Stopped · 2 changes wait"],
    [{ misfit: true, online: false }, "stopped", "Stopped"],
  ])("%j is %s", (change, state, words) => {
    expect(syncOf({ ...live, ...change })).toMatchObject({ state, words });
  });
});

describe("what somebody said", () => {
  const agent = (presence: Agent["presence"]): Agent => ({
    name: "claude",
    displayName: "Claude",
    presence,
    since: "2026-01-01T10:00:00Z",
    lastHeardAt: null,
    client: null,
    revision: 1,
  });
  const delivery = (change: Partial<Delivery>): Delivery => ({
    id: "d",
    task: "t",
    kind: "reply",
    agent: "claude",
    state: "queued",
    route: null,
    session: null,
    queuedAt: "2026-01-01T10:00:00Z",
    sentAt: null,
    receivedAt: null,
    seenAt: null,
    copies: 1,
    redelivered: false,
    revision: 1,
    ...change,
  });
  const words = (...of: Parameters<typeof deliveryOf>): string => deliveryOf(...of).words;
  const there = [agent("connected")];

  test("waits, is on its way, or was not taken, as long as the server has not confirmed it", () => {
    expect(words(undefined, true, there, "offline")).toBe("Waits for the network");
    expect(words(undefined, true, there, "pending")).toBe("Sending");
    expect(words(undefined, false, there, "refused")).toMatch(/^Not taken/);
    expect(words(undefined, false, there)).toBe("Saved");
  });

  test("is queued, sent, received and seen, each with by which way and when, and whether it was sent again", () => {
    expect(words(delivery({}), false, [agent("disconnected")])).toBe("Queued: no agent is connected");
    expect(words(delivery({}), false, there)).toBe("Queued until Claude calls again");
    const sentAt = "2026-01-01T10:00:01Z";
    expect(words(delivery({ state: "sent", route: "channel", sentAt }), false, there)).toMatch(
      /^Sent to Claude \d\d:\d\d:01, .+/,
    );
    const seenAt = "2026-01-01T10:00:03Z";
    expect(words(delivery({ state: "seen", route: "result", seenAt, copies: 2 }), false, there)).toMatch(
      /^Seen by Claude \d\d:\d\d:03, .+, sent again$/,
    );
  });
});
