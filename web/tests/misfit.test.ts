// @vitest-environment node
// A page and a server of different versions: what can be read goes on, and what cannot ends in a word, never in asking again and again.
import { expect, it } from "vitest";
import { Page, server, settled, until } from "./lib/tabs";

const live = (page: Page) => () => page.standing?.stream === "open";

it("a frame that cannot be read is mended by one snapshot, and the page goes on", async () => {
  const page = await Page.open();
  await until(live(page));
  const before = server.snapshots;
  server.writes.frames = "unknown";
  server.rename("by a newer server");
  await until(() => page.name === "by a newer server");
  server.writes.frames = "known";
  server.rename("as before");
  await until(() => page.name === "as before");
  expect([server.snapshots - before, page.misfit]).toEqual([1, null]);
});

it("frames that stay unreadable after the snapshot end it: the page is too old, and asks no more", async () => {
  const page = await Page.open();
  await until(live(page));
  const before = server.snapshots;
  server.writes.frames = "unknown";
  server.rename("once");
  await until(() => page.name === "once");
  server.rename("twice");
  await until(() => page.misfit !== null);
  expect([page.misfit, page.standing?.stream]).toEqual(["too old", "stopped"]);
  server.rename("three times");
  page.tab.retry();
  await until(() => server.streams === 0);
  expect([server.snapshots - before, page.name]).toEqual([1, "once"]);
});

it("a snapshot that cannot be read ends it at once, with the reason", async () => {
  server.writes.snapshots = "unknown";
  const page = await Page.open();
  await until(() => page.misfit !== null);
  expect([page.misfit, page.trouble?.code, server.snapshots]).toEqual(["too old", "misfit", 1]);
});

it.each([
  ["a newer", 2, "too old"],
  ["an older", 0, "too new"],
] as const)(
  "a server that speaks %s protocol is not listened to: the page says so, and keeps what waits",
  async (_, protocol, word) => {
    const first = await Page.open();
    await until(live(first));
    server.online = false;
    server.cut();
    const id = first.rename("waits");
    await until(async () => (await first.tab.archive.queue(server.workspace)).rows.length === 1);
    first.die();

    server.protocol = protocol;
    server.online = true;
    const page = await Page.open();
    await until(() => page.misfit !== null);
    expect([page.misfit, page.name, page.copy.pending.unsent.length]).toEqual([word, "waits", 1]);
    page.tab.retry();
    await until(() => server.streams === 0);
    page.die();

    // The server's own page comes, over the same storage.
    server.protocol = 1;
    const next = await Page.open();
    await until(settled(next));
    expect(server.effects).toEqual([id]);
  },
);

it("a page that does not fit lets a tab lead that does, and what is done in the old one is sent by that", async () => {
  server.protocol = 2;
  const old = await Page.open();
  await until(() => old.misfit !== null);
  const next = await Page.open(undefined, 2);
  await until(live(next));
  expect([old.tab.leads, next.tab.leads, next.misfit, server.streams]).toEqual([false, true, null, 1]);
  const id = old.rename("in the old tab");
  await until(() => server.effects.length === 1);
  await until(() => settled(old)() && settled(next)());
  expect(server.effects).toEqual([id]);
});
