// @vitest-environment node
// Tabs of one person over one storage and one network: what is done in one is done in all, sent once, and survives whichever of them dies.
import { expect, it, vi } from "vitest";
import { Archive } from "../src/lib/db/archive";
import { openIndexed } from "../src/lib/db/indexed";
import { FallbackDatabase } from "../src/lib/db/fallback";
import type { Database } from "../src/lib/db/tables";
import { core, Page, person, server, settled, until } from "./lib/tabs";

it("paints in the same turn, sends when it is durable, and is done when the stream says so", async () => {
  const page = await Page.open();
  await until(() => page.standing?.stream === "open");
  const id = page.rename("second");
  expect([page.name, page.copy.pending.unsent.length, server.batches.length]).toEqual(["second", 1, 0]);
  await until(settled(page));
  expect([server.effects, page.name]).toEqual([[id], "second"]);
  await until(async () => (await page.tab.archive.load(server.workspace)).queue.length === 0);
});

it("two tabs hold one stream, and what is done in either is in both", async () => {
  const [one, two] = [await Page.open(), await Page.open()];
  await until(() => two.standing?.stream === "open");
  expect([server.streams, one.tab.leads, two.tab.leads]).toEqual([1, true, false]);
  const id = two.rename("from the follower");
  await until(() => one.name === "from the follower");
  await until(settled(two));
  await until(settled(one));
  expect(server.effects).toEqual([id]);
  server.rename("from elsewhere");
  await until(() => one.name === "from elsewhere" && two.name === "from elsewhere");
});

it("when the leader dies the next one takes over, and nothing is lost or doubled", async () => {
  const [one, two] = [await Page.open(), await Page.open()];
  await until(() => two.standing?.stream === "open");
  server.online = false;
  server.cut();
  const ids = [one.rename("a"), two.rename("b"), one.rename("c")];
  await until(() => two.name === "c");
  await until(async () => (await two.tab.archive.queue(server.workspace)).rows.length === 3);
  one.die();
  server.online = true;
  two.tab.retry();
  await until(() => two.tab.leads && settled(two)());
  expect([...server.effects].sort()).toEqual([...ids].sort());
  expect(new Set(server.effects).size).toBe(3);
  expect(server.streams).toBe(1);
});

it("who takes over while it still reads what is kept does not say that there is a stream: that went with the one before", async () => {
  const [one, two] = [await Page.open(), await Page.open()];
  await until(() => two.standing?.stream === "open");
  Object.defineProperty(two.copy, "opened", { value: new Promise(() => {}) });
  one.die();
  await until(() => two.tab.leads);
  expect([server.streams, two.standing?.stream]).toEqual([0, "connecting"]);
});

it("what was queued before a reload without network is shown, and sent when it is back", async () => {
  const first = await Page.open();
  await until(() => first.standing?.stream === "open");
  server.online = false;
  server.cut();
  const id = first.rename("offline");
  await until(async () => (await first.tab.archive.queue(server.workspace)).rows.length === 1);
  first.die();

  const again = await Page.open();
  expect([again.name, again.copy.pending.unsent.length]).toEqual(["offline", 1]);
  server.online = true;
  again.tab.retry();
  await until(settled(again));
  expect(server.effects).toEqual([id]);
});

it("an answer that gets lost is asked for again, and the command takes effect once", async () => {
  const page = await Page.open();
  await until(() => page.standing?.stream === "open");
  server.loseAnswer = true;
  const id = page.rename("once");
  await until(() => page.standing?.trouble !== null);
  expect([server.effects, page.copy.pending.unsent.length]).toEqual([[id], 1]);
  server.online = true;
  page.tab.retry();
  await until(settled(page));
  expect(server.effects).toEqual([id]);
});

it("what is on its way when the network becomes another is sent again at once", async () => {
  const page = await Page.open();
  await until(() => page.standing?.stream === "open");
  server.loses = "commands";
  const id = page.rename("not on the old network");
  await until(() => server.loses === null);
  expect(server.effects).toEqual([]);
  dispatchEvent(new Event("online"));
  await until(settled(page));
  expect([server.effects, page.standing?.trouble]).toEqual([[id], null]);
});

it("what the server refuses is taken back in every tab, and waits with its reason, also after a reload", async () => {
  const [one, two] = [await Page.open(), await Page.open()];
  await until(() => two.standing?.stream === "open");
  server.refusedName = "taken";
  const id = two.rename("taken");
  await until(() => one.refused.length === 1 && two.refused.length === 1);
  expect([one.name, two.name, server.effects]).toEqual(["first", "first", []]);
  await until(async () => (await one.tab.archive.load(server.workspace)).refusals.length === 1);
  const three = await Page.open();
  expect(three.refused.map((row) => [row.id, row.problem.code])).toEqual([[id, "taken"]]);
  three.copy.dismiss([id]);
  await until(() => one.refused.length === 0 && two.refused.length === 0);
});

it("what a command was given on is there when it is refused, in every tab and after a reload", async () => {
  const [one, two] = [await Page.open(), await Page.open()];
  await until(() => two.standing?.stream === "open");
  server.refusedName = "taken";
  const shown = { title: "Approve: it", body: "As it stood.", options: null };
  two.rename("taken", shown);
  await until(() => one.refused.length === 1 && two.refused.length === 1);
  await until(async () => (await one.tab.archive.load(server.workspace)).refusals.length === 1);
  const three = await Page.open();
  for (const page of [one, two, three]) expect(page.refused.map((row) => row.shown)).toEqual([shown]);
});

it("numbers without gaps, and sends in order what was queued while nothing could be sent", async () => {
  const page = await Page.open();
  await until(() => page.standing?.stream === "open");
  server.online = false;
  const ids = ["a", "b", "c"].map((name) => page.rename(name));
  await until(() => page.standing?.trouble !== null);
  server.online = true;
  page.tab.retry();
  await until(settled(page));
  const sent = server.batches.flatMap(({ commands }) => commands);
  expect(sent.map(({ mutationId, command }) => [mutationId, command.id])).toEqual(ids.map((id, at) => [at + 1, id]));
});

it("a gap in the numbers starts anew under another name, with everything that waits", async () => {
  const page = await Page.open();
  await until(() => page.standing?.stream === "open");
  server.refuseNext = { status: 400, code: "mutation_gap" };
  const id = page.rename("anew");
  await until(settled(page));
  expect(server.effects).toEqual([id]);
  expect(new Set(server.batches.map(({ clientId }) => clientId)).size).toBe(2);
});

it("what is sent again under another name counts as unsent again, in every tab", async () => {
  const [page, other] = [await Page.open(), await Page.open()];
  await until(() => page.standing?.stream === "open");
  server.online = false;
  const first = page.rename("one");
  await until(() => other.copy.pending.queued.has(first));
  // Its commit is still to come.
  await page.copy.answered("e-99-t99", [{ command: first, rejection: null }]);
  await until(() => other.copy.pending.unsent.length === 0);
  expect(page.copy.pending.unsent.length).toBe(0);
  const second = page.rename("two");
  await until(() => other.copy.pending.queued.has(second));
  server.refuseNext = { status: 400, code: "mutation_gap" };
  const unsent: number[][] = [];
  vi.stubGlobal("fetch", async (path: string, init?: RequestInit) => {
    if (path.endsWith("/commands")) {
      const before = unsent.length;
      if (before === 1) await until(() => other.copy.pending.unsent.length === 2);
      unsent.push([page.copy.pending.unsent.length, other.copy.pending.unsent.length]);
    }
    return server.fetch(path, init);
  });
  server.online = true;
  page.tab.wake(server.workspace);
  await until(() => server.effects.length === 2);
  expect(unsent).toEqual([
    [1, 1],
    [2, 2],
  ]);
  expect(server.effects).toEqual([first, second]);
});

it("a lost membership refuses all that waits, and the words are kept to be taken along", async () => {
  const page = await Page.open();
  await until(() => page.standing?.stream === "open");
  server.refuseNext = { status: 403, code: "forbidden" };
  page.rename("never");
  await until(() => page.refused.length === 1);
  expect([page.name, page.copy.pending.unsent.length]).toEqual(["first", 0]);
  const kept = await page.tab.archive.load(server.workspace);
  expect([kept.queue.length, kept.refusals.map(({ problem }) => problem.code)]).toEqual([0, ["forbidden"]]);
});

it("a refused sign-in keeps the queue", async () => {
  const page = await Page.open();
  await until(() => page.standing?.stream === "open");
  server.refuseNext = { status: 401, code: "unauthorized" };
  const id = page.rename("later");
  await until(() => server.batches.length === 1);
  await until(() => page.standing?.trouble !== null);
  page.tab.retry();
  await until(settled(page));
  expect(server.effects).toEqual([id]);
});

it("a server that was restored is begun with anew, and what waits goes there", async () => {
  const [one, two] = [await Page.open(), await Page.open()];
  await until(() => two.standing?.stream === "open");
  server.name = "restored";
  server.restore();
  one.tab.retry();
  await until(() => one.name === "restored" && two.name === "restored");
  const id = two.rename("goes on");
  await until(settled(two));
  expect(server.effects).toEqual([id]);
});

it("a page that dies while it begins with a restored server anew leaves nothing that counts as answered by the old one", async () => {
  /** Storage that takes so many writes; then the page is dead. */
  class Dying implements Database {
    readonly lasting = true;
    constructor(
      readonly db: Database,
      public writes: number,
    ) {}
    read: Database["read"] = (tables, work) => this.db.read(tables, work);
    write: Database["write"] = (tables, work) =>
      this.writes-- > 0 ? this.db.write(tables, work) : Promise.reject(new Error("dead"));
    close(): void {
      this.db.close();
    }
    async destroy(): Promise<void> {}
  }
  const open = (): Promise<Database> => openIndexed(person, () => {});
  const page = await Page.open();
  await until(() => page.standing?.stream === "open");
  server.online = false;
  const id = page.rename("not told yet");
  await until(async () => (await page.tab.archive.load(server.workspace)).queue.length === 1);
  await page.copy.answered("e-99-t99", [{ command: id, rejection: null }]);
  page.die();
  server.online = true;
  server.restore();
  for (let writes = 0; writes < 4; writes++) {
    const database = new FallbackDatabase(
      new Dying(await open(), writes),
      core.newId,
      () => {},
      async () => {},
    );
    const dying = await Page.open(database);
    await until(() => dying.copy.cursor?.startsWith("ex-"));
    await until(settled(dying));
    dying.die();
    const archive = new Archive(await open(), core.newId);
    const { cursor, queue } = await archive.load(server.workspace);
    const answered = queue.filter(({ acknowledged }) => acknowledged?.startsWith("e-"));
    expect([writes, cursor?.startsWith("ex-") && answered.length > 0]).toEqual([writes, false]);
    archive.db.close();
  }
  expect(server.effects).toEqual([id]);
});

it("what happens between the snapshot and the stream is not missed", async () => {
  const snapshot = server.fetch;
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    const answer = await snapshot(path, init);
    // The stream opens only now: what the snapshot holds is older.
    if (path.endsWith("/snapshot") && server.snapshots === 1) {
      server.rename("between");
      await until(() => server.streams === 1);
    }
    return answer;
  });
  const page = await Page.open();
  await until(() => page.name === "between");
});

it("what happens while it begins anew is told of, also if it began with that already, and once", async () => {
  const page = await Page.open();
  await until(() => page.standing?.stream === "open");
  let goOn = (): void => {};
  const held = new Promise<void>((done) => (goOn = done));
  let asked = false;
  vi.stubGlobal("fetch", async (path: string, init?: RequestInit) => {
    if (path.endsWith("/snapshot")) {
      asked = true;
      await held;
    }
    return server.fetch(path, init);
  });
  const begins = page.copy.begin();
  await until(() => asked);
  server.rename("meanwhile");
  const told = [server.cursor];
  // Its frame is read before the answer to what was asked earlier.
  await new Promise((done) => setTimeout(done, 50));
  expect([page.name, page.told]).toEqual(["first", []]);
  goOn();
  await begins;
  await until(() => page.told.length > 0);
  expect([page.name, page.told]).toEqual(["meanwhile", told]);
  server.rename("later");
  await until(() => page.told.length > 1);
  expect(page.told).toEqual([...told, server.cursor]);
});

it("what happens while a new tab begins is not missed there", async () => {
  const one = await Page.open();
  await until(() => one.standing?.stream === "open");
  const two = Page.open();
  server.rename("meanwhile");
  await until(async () => (await two).name === "meanwhile");
});

it("files go before the words that name them, once, and what does not name them does not wait", async () => {
  const page = await Page.open();
  await until(() => page.standing?.stream === "open");
  const file = { id: core.newId(), filename: "a.txt", mimeType: "text/plain", size: 1, sha256: "" };
  await page.tab.files.add(server.workspace, file, new Blob(["x"]));
  page.tab.wake(server.workspace);
  await until(async () => (await page.tab.files.waiting(server.workspace)).length === 0);
  page.rename("with a file");
  await until(settled(page));
  expect(server.uploads).toEqual([file.id]);
});

it("a file that is on its way when the network becomes another is sent again at once", async () => {
  const page = await Page.open();
  await until(() => page.standing?.stream === "open");
  server.loses = "attachments";
  const file = { id: core.newId(), filename: "a.txt", mimeType: "text/plain", size: 1, sha256: "" };
  await page.tab.files.add(server.workspace, file, new Blob(["x"]));
  page.tab.wake(server.workspace);
  await until(() => server.loses === null);
  dispatchEvent(new Event("online"));
  await until(async () => (await page.tab.files.waiting(server.workspace)).length === 0);
  expect(server.uploads).toEqual([file.id]);
});

it("what a leader did not live to take out of the queue, the next one takes out", async () => {
  const page = await Page.open();
  await until(() => page.standing?.stream === "open");
  const id = page.rename("done");
  await until(settled(page));
  const row = {
    workspace: server.workspace,
    id,
    mutationId: 1,
    files: [],
    shown: null,
    acknowledged: server.cursor,
    at: 0,
  };
  await page.database.write(["queue"], (tx) =>
    tx.put("queue", { ...row, command: { type: "editWorkspace", id, name: "done" } }),
  );
  page.die();
  const next = await Page.open();
  await until(async () => (await next.tab.archive.queue(server.workspace)).rows.length === 0);
  expect([server.effects, next.copy.pending.queued.size]).toEqual([[id], 0]);
});

it("a word of a command that comes after its commit leaves nothing pending", async () => {
  const [one, two] = [await Page.open(), await Page.open()];
  await until(() => two.standing?.stream === "open");
  const id = one.rename("long done");
  await until(settled(one));
  const three = await Page.open();
  await until(() => three.name === "long done");
  three.copy.hear({
    type: "queued",
    workspace: server.workspace,
    command: { type: "editWorkspace", id, name: "long done" },
    at: 0,
    beside: { files: [], shown: null },
  });
  expect(three.copy.pending.queued.size).toBe(1);
  await until(settled(three));
});
