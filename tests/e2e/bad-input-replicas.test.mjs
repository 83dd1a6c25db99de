// Bad input of pages: commands and cursors that are none are refused with a reason, hold up nothing, and nothing is stored.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { contents, furnish, isAtWorkAsBefore, never } from "../lib/furnished.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { SseReader } from "../lib/sse.mjs";

const world = ownWorld();

describe("a replica's command", () => {
  let here, there, client;
  before(async () => {
    [here, there] = [await furnish(world), await furnish(world)];
    client = { id: "client-1", last: 0 };
  });

  const id = (at) => `0zzzzzzzz${at.toString(36).padStart(2, "0")}`;
  let made = 0;
  const fresh = () => id((made += 1));

  test("that is refused says why, has no effect and does not hold up the next", async () => {
    const { task, done, room, message } = here;
    const create = { type: "createTask", id: fresh(), title: "x", body: "", assignee: "human", attachments: [] };
    const commands = [
      [{ ...create, id: fresh(), title: "" }, "empty"],
      [{ ...create, id: fresh(), title: "x".repeat(256) }, "too_long"],
      [{ ...create, id: fresh(), attachments: [there.file.id] }, "attachment_not_found"],
      [{ ...create, id: fresh(), attachments: Array(21).fill(here.file.id) }, "too_many"],
      [{ ...create, id: task.id }, "id_taken"],
      [{ ...create, id: message.id }, "id_taken"],
      [{ type: "setStatus", id: fresh(), task: done.id, to: "ongoing" }, "illegal_transition"],
      [{ type: "setStatus", id: fresh(), task: there.task.id, to: "ongoing" }, "task_not_found"],
      [{ type: "reopen", id: fresh(), task: task.id }, "not_closed"],
      [{ type: "postMessage", id: fresh(), task: task.id, text: "", attachments: [] }, "empty"],
      [{ type: "postMessage", id: fresh(), task: never, text: "x", attachments: [] }, "task_not_found"],
      [{ type: "postMessage", id: message.id, task: task.id, text: "x", attachments: [] }, "id_taken"],
      [
        {
          type: "giveVerdict",
          id: fresh(),
          task: task.id,
          verdict: "approved",
          digest: "0".repeat(64),
          text: "",
          attachments: [],
          then: "complete",
        },
        "shown_changed",
      ],
      [{ type: "deleteTask", id: fresh(), task: never }, "task_not_found"],
      [{ type: "editWorkspace", id: fresh(), name: "" }, "empty"],
      [{ type: "nameAgent", id: fresh(), agent: "nobody", displayName: "x" }, "agent_not_found"],
    ];
    const earlier = await contents(room);
    const { results } = await room.make("/commands", {
      clientId: client.id,
      commands: commands.map(([command]) => ({ mutationId: (client.last += 1), command })),
    });
    assert.deepEqual(
      results.map(({ rejection }) => rejection?.code),
      commands.map(([, code]) => code),
    );
    for (const { rejection } of results)
      assert.ok(rejection.detail && rejection.status >= 400 && rejection.status < 500);
    assert.deepEqual(await contents(room), earlier);
    const good = { mutationId: (client.last += 1), command: create };
    assert.deepEqual((await room.make("/commands", { clientId: client.id, commands: [good] })).results, [
      { mutationId: good.mutationId, command: create.id, rejection: null },
    ]);
    assert.equal((await room.get(`/tasks/${create.id}`)).title, "x");
  });

  test("that cannot be read, or comes out of order, is refused with all of its batch", async () => {
    const { room, task } = here;
    const post = (text) => ({ type: "postMessage", id: fresh(), task: task.id, text, attachments: [] });
    const earlier = await contents(room);
    const { cursor } = await room.get("/snapshot");
    const batch = (commands, clientId = client.id) => room.ask("POST", "/commands", { clientId, commands });
    const next = client.last + 1;
    for (const [commands, code] of [
      [[{ mutationId: next, command: { type: "inbox", id: fresh() } }], "invalid_json"],
      [[{ mutationId: next, command: { type: "Inbox" } }], "invalid_json"],
      [[{ mutationId: next, command: { type: "createTask" } }], "invalid_json"],
      [[{ mutationId: next, command: { ...post("x"), id: "short" } }], "invalid_json"],
      [[{ mutationId: next, command: { ...post("x"), id: "zzzzzzzzzzz" } }], "invalid_json"],
      [[{ mutationId: "1", command: post("x") }], "invalid_json"],
      [[{ mutationId: -1, command: post("x") }], "invalid_json"],
      [[{ mutationId: 1.5, command: post("x") }], "invalid_json"],
      [
        [
          { mutationId: next, command: post("x") },
          { mutationId: next + 1, command: {} },
        ],
        "invalid_json",
      ],
      [[{ mutationId: 0, command: post("x") }], "mutation_gap"],
      [[{ mutationId: next + 1, command: post("x") }], "mutation_gap"],
      [[{ mutationId: Number.MAX_SAFE_INTEGER, command: post("x") }], "mutation_gap"],
      [[{ mutationId: client.last, command: post("another") }], "mutation_conflict"],
      [Array.from({ length: 101 }, (_, at) => ({ mutationId: next + at, command: post("x") })), "too_many"],
    ]) {
      const answer = await batch(commands);
      assert.deepEqual([answer.status, answer.body.code], [400, code], JSON.stringify(commands).slice(0, 120));
    }
    assert.deepEqual(await contents(room), earlier);
    assert.equal((await room.get("/snapshot")).cursor, cursor);
    const whole = Array.from({ length: 100 }, (_, at) => ({ mutationId: next + at, command: post("a full batch") }));
    assert.equal((await batch(whole)).body.results.length, 100);
  });
});

describe("a stream", () => {
  test("of a dashboard begins anew from any cursor that is none, and from one of another workspace", async () => {
    const [here, there] = [await furnish(world), await furnish(world)];
    const { cursor } = await there.room.get("/snapshot");
    for (const from of ["x", "a-b-c", "-1", cursor, "x".repeat(5_000), "a-99999999999999999999-b", "🦀"]) {
      const stream = await here.room.watch(encodeURIComponent(from));
      assert.equal(stream.status, 200, from.slice(0, 40));
      await stream.until("reset");
      stream.close();
    }
  });

  test("of an agent takes names that people can read, and no others", async () => {
    const { token } = await furnish(world);
    for (const agent of ["x".repeat(65), "a\nb", "\u0000", "\u202eevil"]) {
      const url = new URL(token.mcpUrl);
      url.searchParams.set("agent", agent);
      const stream = await SseReader.open(url);
      assert.equal(stream.status, 400, JSON.stringify(agent));
    }
  });
});

isAtWorkAsBefore(world);
