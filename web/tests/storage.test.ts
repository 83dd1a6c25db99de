// @vitest-environment node
// What becomes of the work of a person's tabs when the storage below them is cleared, rolled back, taken away, shared or not there at all.
import { expect, it, vi } from "vitest";
import { nameOf } from "../src/lib/db/indexed";
import { openDatabase } from "../src/lib/db/open";
import { FallbackDatabase } from "../src/lib/db/fallback";
import { MemoryDatabase } from "../src/lib/db/memory";
import { task } from "./fixtures";
import { core, Page, person, server, settled, sits, until } from "./lib/tabs";

it("of much that is kept the first is shown at once and the rest follows; what is kept then is all of it", async () => {
  server.tasks = Array.from({ length: 1_200 }, (_, at) => task({ id: core.newId(), number: at + 1 }));
  const first = await Page.open();
  await until(async () => (await first.tab.archive.load(server.workspace)).checkpoint?.length === 3);
  first.die();
  server.online = false;
  const second = await Page.open();
  expect([second.shown, second.count, second.copy.filling]).toEqual([[500], 1_200, false]);
  // It does not fall back to the first of it when what is kept is read once more.
  await second.copy.open();
  expect(second.shown).toEqual([500, 1_200]);
});

it("storage that was cleared under a running tab neither loses nor repeats what it does next", async () => {
  const page = await Page.open();
  await until(() => page.standing?.stream === "open");
  const first = page.rename("before");
  await until(settled(page));
  await page.database.write(["clients", "queue", "heads", "checkpoints", "journal"], async (tx) => {
    for (const table of ["clients", "queue", "heads", "checkpoints", "journal"] as const)
      await tx.clear(table, server.workspace);
  });
  const second = page.rename("after");
  await until(settled(page));
  expect(server.effects).toEqual([first, second]);
});

it("storage that was taken away while words wait does not take them along: they go out from memory", async () => {
  const page = await Page.open();
  await until(() => page.standing?.stream === "open");
  server.online = false;
  server.cut();
  const ids = [page.rename("a"), page.rename("b")];
  await until(async () => (await page.tab.archive.queue(server.workspace)).rows.length === 2);
  indexedDB.deleteDatabase(nameOf(person));
  await until(() => !page.database.lasting);
  ids.push(page.rename("c"));
  expect(page.copy.pending.unsent.length).toBe(3);
  server.online = true;
  page.tab.retry();
  await until(settled(page));
  expect(server.effects).toEqual(ids);
});

it("of two people in one browser profile neither sees nor sends what the other has waiting", async () => {
  const ada = person;
  const first = await Page.open();
  await until(() => first.standing?.stream === "open");
  server.online = false;
  server.cut();
  const hers = first.rename("Ada's");
  await until(async () => (await first.tab.archive.queue(server.workspace)).rows.length === 1);
  first.die();

  sits(`${ada}-ben`);
  server.online = true;
  const other = await Page.open();
  await until(() => other.standing?.stream === "open");
  expect([other.name, other.copy.pending.unsent.length, server.batches.length]).toEqual(["first", 0, 0]);
  const his = other.rename("Ben's");
  await until(settled(other));
  expect(server.effects).toEqual([his]);
  other.die();

  sits(ada);
  const again = await Page.open();
  expect([again.copy.pending.unsent.length, again.name]).toEqual([1, "Ada's"]);
  await until(settled(again));
  expect(server.effects).toEqual([his, hers]);
});

it("storage that was rolled back sends again what it has, and nothing takes effect twice", async () => {
  const page = await Page.open();
  await until(() => page.standing?.stream === "open");
  server.online = false;
  server.cut();
  const ids = [page.rename("a"), page.rename("b")];
  await until(async () => (await page.tab.archive.queue(server.workspace)).rows.length === 2);
  const tables = ["clients", "queue", "heads", "checkpoints", "journal"] as const;
  const before = await page.database.read([...tables], (tx) => Promise.all(tables.map((table) => tx.all(table))));
  server.online = true;
  page.tab.retry();
  await until(settled(page));
  page.die();
  const database = await openDatabase(person, core.newId, () => {});
  await database.write([...tables], async (tx) => {
    for (const [at, table] of tables.entries()) {
      await tx.clear(table, server.workspace);
      for (const row of before[at] ?? []) await tx.put(table, row);
    }
  });
  const again = await Page.open(database);
  expect(again.copy.pending.queued.size).toBe(2);
  const third = again.rename("c");
  await until(settled(again));
  expect(server.effects).toEqual([...ids, third]);
  expect(again.name).toBe("c");
});

it("a follower that missed a word reads what is kept, without asking the server", async () => {
  const [one, two] = [await Page.open(), await Page.open()];
  await until(() => two.standing?.stream === "open");
  const snapshots = server.snapshots;
  const say = one.tab.say.bind(one.tab);
  one.tab.say = () => {};
  server.rename("missed");
  await until(() => one.name === "missed");
  await until(async () => (await one.tab.archive.load(server.workspace)).journal.length > 0);
  one.tab.say = say;
  server.rename("heard");
  await until(() => two.name === "heard");
  expect(server.snapshots).toBe(snapshots);
});

it("without a storage every tab keeps and sends its own", async () => {
  const nothing = async (): Promise<void> => {};
  const failed = (): FallbackDatabase => new FallbackDatabase(new MemoryDatabase(), core.newId, () => {}, nothing);
  const [one, two] = [await Page.open(failed()), await Page.open(failed())];
  await until(() => two.standing?.stream === "open");
  const ids = [one.rename("mine"), two.rename("theirs")];
  await until(() => settled(one)() && settled(two)());
  expect([...server.effects].sort()).toEqual(ids.sort());
  await until(() => one.name === two.name);
});

it("what waits in a tab is sent also when the storage that kept it has been cleared", async () => {
  const page = await Page.open();
  await until(() => page.standing?.stream === "open");
  server.online = false;
  server.cut();
  const id = page.rename("kept by the page");
  await until(async () => (await page.tab.archive.queue(server.workspace)).rows.length === 1);
  await page.database.write(["queue", "clients"], async (tx) => {
    for (const table of ["queue", "clients"] as const) await tx.clear(table, server.workspace);
  });
  server.online = true;
  page.tab.retry();
  await until(settled(page));
  expect(server.effects).toEqual([id]);
});

it("what the server has answered for is not forgotten when a tab takes up again what is kept", async () => {
  const one = await Page.open();
  await until(() => one.standing?.stream === "open");
  await until(async () => (await one.tab.archive.load(server.workspace)).checkpoint !== null);
  // No stream from here on: the answer comes, its commit does not.
  const answer = server.fetch;
  vi.stubGlobal("fetch", (path: string, init: RequestInit) =>
    path.startsWith("/api/events") ? new Promise(() => {}) : answer(path, init),
  );
  server.cut();
  one.rename("answered");
  await until(() => one.copy.pending.unsent.length === 0);
  expect(one.copy.pending.queued.size).toBe(1);
  // Another tab begins from the server: it is done there, and waits no longer in what is kept.
  const two = await Page.open();
  await two.copy.begin();
  await until(settled(two));
  await until(settled(one));
});
