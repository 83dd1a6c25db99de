// The dashboard's stream: cut anywhere, it goes on from the last id with nothing lost, nothing doubled and no commit split.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SseReader } from "../lib/sse.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const world = ownWorld();

/** Opens the stream with the header that a browser sends when it reconnects. */
async function resumed(room, lastId) {
  const stream = await SseReader.open(`${world.url}${room.base}/events`, {
    cookie: room.person.cookie,
    "last-event-id": lastId,
  });
  world.keep(stream);
  return stream;
}
async function watching(room, cursor) {
  return world.keep(await room.watch(cursor));
}

const isNews = ({ event }) => event !== "hello" && event !== "reset";
const newsOf = (stream) => stream.events.filter(isNews);
const ids = (events) => events.map(({ id }) => id).filter(Boolean);
const headOf = async (room) => (await room.get("/snapshot")).cursor;
const seqOf = (cursor) => Number(cursor.split("-")[1]);
const arrives = (stream, cursor) => stream.until(({ id }) => id === cursor, 10_000, `commit ${cursor}`);

/** Every commit follows on the one before it, and none comes twice. */
function assertUnbroken(events, from, to) {
  let at = from;
  for (const { id, json } of events) {
    if (!id) continue;
    assert.equal(json.cursor, id);
    assert.equal(json.base, at, `commit ${id} does not follow on ${at}`);
    at = id;
  }
  assert.equal(at, to);
}

const make = (room, title) => room.make("/tasks", { title, assignee: "human" });
/** One commit of three events. */
const large = (room, task) =>
  room.change(`/tasks/${task}`, { title: `renamed ${Math.random()}`, status: "ongoing", reopen: true });

describe("a dashboard's stream", () => {
  test("says where it stands, then what happens, in unbroken order", async () => {
    const { room } = await settle(world);
    const stream = await watching(room);
    const hello = await stream.until("hello");
    assert.equal(hello.json.cursor, await headOf(room));
    assert.equal(hello.id, undefined);
    for (let i = 0; i < 5; i++) await make(room, `task ${i}`);
    const head = await headOf(room);
    await arrives(stream, head);
    assertUnbroken(newsOf(stream), hello.json.cursor, head);
  });

  for (const way of ["Last-Event-ID", "?cursor="]) {
    test(`goes on by ${way} with what was missed, and then with what happens`, async () => {
      const { room } = await settle(world);
      const stream = await watching(room);
      await make(room, "seen");
      const { id: left } = await stream.until("task.created");
      stream.close();
      for (let i = 0; i < 5; i++) await make(room, `missed ${i}`);
      const again = await (way === "?cursor=" ? watching(room, left) : resumed(room, left));
      await make(room, "live");
      const head = await headOf(room);
      await arrives(again, head);
      assertUnbroken(newsOf(again), left, head);
      assert.equal(again.events.filter(({ event }) => event === "task.created").length, 6);
    });
  }

  test("has missed nothing if nothing happened", async () => {
    const { room } = await settle(world);
    await make(room, "before");
    const head = await headOf(room);
    const stream = await watching(room, head);
    await stream.until("hello");
    await make(room, "after");
    const now = await headOf(room);
    await arrives(stream, now);
    assertUnbroken(newsOf(stream), head, now);
    assert.equal(newsOf(stream).length, 1);
  });

  test("loses and doubles nothing when it is cut again and again under load", async () => {
    const { room } = await settle(world);
    const begin = await headOf(room);
    let writing = true;
    const writer = (async () => {
      for (let i = 0; i < 150; i++) await make(room, `task ${i}`);
      writing = false;
    })();
    const got = [];
    let at = begin;
    let cuts = 0;
    while (writing) {
      const stream = await resumed(room, at);
      await sleep(5 + 40 * Math.random());
      const news = newsOf(stream);
      stream.close();
      // As a browser does: what came after the last id is not taken over.
      const last = news.findLastIndex(({ id }) => id);
      got.push(...news.slice(0, last + 1));
      at = ids(got).at(-1) ?? begin;
      cuts += 1;
    }
    await writer;
    const head = await headOf(room);
    const rest = await resumed(room, at);
    if (at !== head) await arrives(rest, head);
    got.push(...newsOf(rest));
    assert.ok(cuts >= 5, `only ${cuts} cuts`);
    assertUnbroken(got, begin, head);
    assert.equal(got.filter(({ event }) => event === "task.created").length, 150);
  });
});

describe("a commit of several events", () => {
  test("bears its id on the last one only, and comes again whole after a cut in its middle", async () => {
    const { room } = await settle(world);
    const task = await make(room, "x");
    await room.change(`/tasks/${task.id}`, { status: "completed" });
    const before = await headOf(room);
    const stream = await watching(room, before);
    await large(room, task.id);
    const head = await headOf(room);
    assert.equal(seqOf(head), seqOf(before) + 1);
    await arrives(stream, head);
    const commit = newsOf(stream);
    assert.ok(commit.length > 1, "the commit has one event only: this test shows nothing");
    assert.deepEqual(ids(commit), [head]);
    assert.equal(commit.at(-1).id, head);
    assert.ok(commit.slice(0, -1).every(({ json }) => json.cursor === undefined));
    // Whoever was cut after the first event knows no newer id than the one before the commit.
    const again = await resumed(room, before);
    await arrives(again, head);
    assert.deepEqual(
      newsOf(again).map(({ event, id, data }) => ({ event, id, data })),
      commit.map(({ event, id, data }) => ({ event, id, data })),
    );
  });
});

describe("a cursor that is none of this history", () => {
  const strangers = {
    garbage: () => "what?",
    "another epoch": (head) => head.replace(/^[^-]+/, "ffffffff"),
    "another tag at the same place": (head) => head.replace(/[^-]+$/, "1"),
    "a place that is yet to come": (head) => head.replace(/-(\d+)-/, (_, seq) => `-${Number(seq) + 10}-`),
    "another tag at an older place": (head) => head.replace(/-(\d+)-.*$/, (_, seq) => `-${Number(seq) - 1}-1`),
  };
  for (const [what, turn] of Object.entries(strangers)) {
    test(`(${what}) is answered with reset, and the stream goes on`, async () => {
      const { room } = await settle(world);
      for (const title of ["a", "b", "c"]) await make(room, title);
      const stranger = turn(await headOf(room));
      assert.notEqual(stranger, await headOf(room));
      const stream = await watching(room, encodeURIComponent(stranger));
      const reset = await stream.until("reset");
      assert.ok(reset.json.reason);
      assert.equal(reset.id, undefined);
      const head = await headOf(room);
      await make(room, "live");
      const now = await headOf(room);
      await arrives(stream, now);
      assertUnbroken(newsOf(stream), head, now);
    });
  }

  test("(another workspace's) is answered with reset", async () => {
    const [one, two] = [await settle(world), await settle(world)];
    await make(one.room, "x");
    await make(two.room, "x");
    const stream = await watching(two.room, await headOf(one.room));
    await stream.until("reset");
  });
});

test("a reader that does not keep up is cut, and gets the rest by its last id", async (t) => {
  const { room } = await settle(world);
  const task = await make(room, "a long thread");
  const begin = await headOf(room);
  const slow = connect(world.server.port, "127.0.0.1");
  t.after(() => slow.destroy());
  slow.on("error", () => {});
  slow.write(
    `GET ${room.base}/events?cursor=${begin} HTTP/1.1\r\nHost: 127.0.0.1:${world.server.port}\r\nCookie: ${room.person.cookie}\r\n\r\n`,
  );
  // It takes the head of the response and then reads no more.
  await new Promise((some) => slow.once("data", some));
  slow.pause();
  const text = "x".repeat(200 * 1024);
  for (let i = 0; i < 72; i++) await room.make(`/tasks/${task.id}/messages`, { text: `${i} ${text}` });
  const head = await headOf(room);
  let read = "";
  slow.on("data", (bytes) => (read += bytes.toString("latin1")));
  slow.resume();
  // The last chunk says that the response has ended; the connection may stay open.
  for (let i = 0; i < 500 && !read.endsWith("\r\n0\r\n\r\n"); i++) await sleep(20);
  assert.ok(!read.includes(`\nid: ${head}\n`), "the whole history fitted into buffers: this test shows nothing");
  let at = [...read.matchAll(/\nid: (\S+)\ndata: [^\n]*\n\n/g)].map((found) => found[1]).at(-1) ?? begin;
  assert.ok(seqOf(at) > seqOf(begin));
  for (let rounds = 0; at !== head; rounds++) {
    assert.ok(rounds < 40, `stuck at ${at} of ${head}`);
    const stream = await resumed(room, at);
    await Promise.race([stream.done, arrives(stream, head).catch(() => {})]);
    const news = newsOf(stream);
    stream.close();
    const whole = news.slice(0, news.findLastIndex(({ id }) => id) + 1);
    assert.ok(whole.length > 0, `nothing came after ${at}`);
    assertUnbroken(whole, at, whole.at(-1).id);
    at = whole.at(-1).id;
  }
});
