// The event stream's grammar: however the bytes are cut, the events are the same.
import { describe, expect, it } from "vitest";
import { readEvents, SseParser, type ServerEvent } from "../src/lib/sync/sse";

const STREAM =
  '\ufeff: keepalive\n\nevent: task.created\ndata: {"a":1}\n\n' +
  "event: status.updated\r\nid: e-2-x\r\ndata: one\r\ndata: two\r\n\r\n" +
  "data:no space\rid\r\rretry: 1500\n\nevent: nothing\n\nunknown: field\ndata: last\nid: e-3-y\n\n" +
  "data: never finished";

const shape = (events: ServerEvent[]): unknown[] => events.map(({ event, data }) => [event, data]);

const EXPECTED = [
  ["task.created", '{"a":1}'],
  ["status.updated", "one\ntwo"],
  ["message", "no space"],
  ["message", "last"],
];

describe("SseParser", () => {
  it("reads fields, comments, line ends of every kind, and the byte order mark", () => {
    expect(shape(new SseParser().push(STREAM))).toEqual(EXPECTED);
  });

  it("does not care where the pieces are cut", () => {
    for (let size = 1; size < STREAM.length; size++) {
      const parser = new SseParser();
      const events: ServerEvent[] = [];
      for (let at = 0; at < STREAM.length; at += size) events.push(...parser.push(STREAM.slice(at, at + size)));
      expect(shape(events), `pieces of ${size}`).toEqual(EXPECTED);
    }
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
    await readEvents(body, { event: (event) => events.push(event.data), alive: () => alive++ });
    expect(events).toEqual(["🐝 ÿ"]);
    expect(alive).toBe(bytes.length);
  });
});
