// The event stream's grammar: however the bytes are cut, the events are the same.
import { describe, expect, it } from "vitest";
import { readEvents, SseParser, type ServerEvent } from "../src/lib/sync/sse";

const STREAM =
  '\ufeff: keepalive\n\nevent: task.created\ndata: {"a":1}\n\n' +
  "event: status.updated\r\nid: e-2-x\r\ndata: one\r\ndata: two\r\n\r\n" +
  "data:no space\rid\r\rretry: 1500\n\nevent: nothing\n\nunknown: field\ndata: last\nid: e-3-y\n\n" +
  "data: never finished";

const shape = (events: ServerEvent[]): unknown[] =>
  events.map(({ event, data, id, hasId }) => [event, data, id, hasId]);

const EXPECTED = [
  ["task.created", '{"a":1}', null, false],
  ["status.updated", "one\ntwo", "e-2-x", true],
  ["message", "no space", "", true],
  ["message", "last", "e-3-y", true],
];

describe("SseParser", () => {
  it("reads fields, comments, line ends of every kind, and the byte order mark", () => {
    const parser = new SseParser();
    expect(shape(parser.push(STREAM))).toEqual(EXPECTED);
    expect(parser.retry).toBe(1500);
  });

  it("does not care where the pieces are cut", () => {
    for (let size = 1; size < STREAM.length; size++) {
      const parser = new SseParser();
      const events: ServerEvent[] = [];
      for (let at = 0; at < STREAM.length; at += size) events.push(...parser.push(STREAM.slice(at, at + size)));
      expect(shape(events), `pieces of ${size}`).toEqual(EXPECTED);
    }
  });

  it("keeps the id of the last resume until another comes, and ignores one with a null", () => {
    const parser = new SseParser("e-1-a");
    expect(parser.push("data: x\n\n")[0]).toMatchObject({ id: "e-1-a", hasId: false });
    expect(parser.push("id: bad\0\ndata: y\n\n")[0]).toMatchObject({ id: "e-1-a", hasId: false });
  });
});

describe("readEvents", () => {
  it("decodes characters that a chunk boundary splits, and tells of every sign of life", async () => {
    const bytes = new TextEncoder().encode("data: 🐝 ÿ\n\n");
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(new Uint8Array([byte]));
        controller.close();
      },
    });
    const events: string[] = [];
    let alive = 0;
    await readEvents(body, null, { event: (event) => events.push(event.data), alive: () => alive++ });
    expect(events).toEqual(["🐝 ÿ"]);
    expect(alive).toBe(bytes.length);
  });
});
