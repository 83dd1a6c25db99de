// Bad input on every JSON route: a clear refusal with a code, never a fault of the server, and nothing stored.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { contents, furnish, isAtWorkAsBefore, never, sendTo } from "../lib/furnished.mjs";
import { ownWorld } from "../lib/own-world.mjs";

const kib = 1024;
const mib = 1024 * kib;
const world = ownWorld();
const send = sendTo(world);

describe("a JSON route", () => {
  let here, there;
  before(async () => ([here, there] = [await furnish(world), await furnish(world)]));

  /** Every route that takes JSON, with a body that is right but for what a test changes. */
  const routes = () => [
    ["POST", "/api/session"],
    ["POST", "/api/workspaces"],
    ["PATCH", here.room.base],
    ["POST", `${here.room.base}/tokens`],
    ["PATCH", `${here.room.base}/tokens/${here.token.id}`],
    ["POST", `${here.room.base}/tasks`],
    ["PATCH", `${here.room.base}/tasks/${here.task.id}`],
    ["POST", `${here.room.base}/tasks/${here.task.id}/messages`],
    ["POST", `${here.room.base}/commands`],
  ];

  test("wants JSON of the right form, in UTF-8, not too deep and not too large", async () => {
    const earlier = await contents(here.room);
    const listed = (await here.person.get("/api/workspaces")).workspaces.length;
    const json = { "content-type": "application/json", cookie: here.person.cookie };
    const bodies = [
      "",
      "{",
      "nonsense",
      "null",
      "5",
      '"x"',
      "[]",
      "[{}]",
      Buffer.from([0x7b, 0xff, 0x7d]),
      "[".repeat(50_000),
      '{"a":'.repeat(50_000),
    ];
    for (const [method, path] of routes()) {
      for (const body of bodies) {
        const answer = await send(method, path, body, json);
        assert.ok(
          answer.status === 400,
          `${method} ${path} ${String(body).slice(0, 20)}: ${answer.status} ${answer.text?.slice(0, 200)}`,
        );
        assert.equal(answer.body.code, "invalid_json");
      }
      const large = Buffer.alloc(mib + 1, " ");
      for (const how of [{ "content-length": large.length }, { "transfer-encoding": "chunked" }])
        assert.equal((await send(method, path, large, { ...json, ...how })).status, 413, `${method} ${path}`);
      for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]) {
        const answer = await send(method, path, "{}", { ...json, "content-type": type });
        assert.deepEqual(
          [answer.status, answer.body?.code],
          [415, "unsupported_media_type"],
          `${method} ${path} ${type}`,
        );
      }
    }
    assert.deepEqual(await contents(here.room), earlier);
    assert.equal((await here.person.get("/api/workspaces")).workspaces.length, listed);
  });

  test("refuses wrong types, unknown words and what goes one past a limit, each with its code", async () => {
    const { task, done, message, file, token, room } = here;
    const t = `/tasks/${task.id}`;
    const foreign = `/tasks/${there.task.id}`;
    const cases = [
      ["PATCH", "", [{ name: 5 }, { mission: {} }], 400, "invalid_json"],
      ["PATCH", "", [{ name: "" }, { name: " \n" }], 400, "empty"],
      [
        "PATCH",
        "",
        [{ name: "x".repeat(81) }, { mission: "x".repeat(16 * kib + 1) }, { mission: "é".repeat(8 * kib + 1) }],
        413,
        "too_long",
      ],
      [
        "POST",
        "/tokens",
        [
          {},
          { label: 5 },
          { label: "x", expiresInDays: "30" },
          { label: "x", expiresInDays: -1 },
          { label: "x", expiresInDays: 1.5 },
          { label: "x", scopes: "agent" },
        ],
        400,
        "invalid_json",
      ],
      [
        "POST",
        "/tokens",
        [
          { label: "" },
          { label: "x".repeat(65) },
          { label: "x", expiresInDays: 0 },
          { label: "x", expiresInDays: 367 },
          { label: "x", scopes: [] },
          { label: "x", scopes: ["root"] },
        ],
        400,
      ],
      ["PATCH", `/tokens/${token.id}`, [{ expiresInDays: 0 }, { expiresInDays: 367 }, { expiresInDays: "x" }], 400],
      ["PATCH", `/tokens/${never}`, [{ expiresInDays: 30 }], 404, "token_not_found"],
      ["PATCH", `/tokens/${there.token.id}`, [{ expiresInDays: 30 }], 404, "token_not_found"],
      ["DELETE", `/tokens/${there.token.id}`, [undefined], 404, "token_not_found"],
      [
        "POST",
        "/tasks",
        [
          {},
          { title: null },
          { title: 5 },
          { title: "x", body: 5 },
          { title: "x", assignee: "robot" },
          { title: "x", assignee: 5 },
          { title: "x", attachments: "x" },
          { title: "x", attachments: [5] },
          { title: "x", attachments: ["short"] },
        ],
        400,
        "invalid_json",
      ],
      ["POST", "/tasks", [{ title: "" }, { title: " \t\n" }], 400, "empty"],
      [
        "POST",
        "/tasks",
        [
          { title: "x".repeat(256) },
          { title: "x", body: "x".repeat(256 * kib + 1) },
          { title: "x", body: "é".repeat(128 * kib + 1) },
        ],
        413,
        "too_long",
      ],
      ["POST", "/tasks", [{ title: "x", attachments: Array(21).fill(file.id) }], 400, "too_many"],
      [
        "POST",
        "/tasks",
        [
          { title: "x", attachments: [never] },
          { title: "x", attachments: [there.file.id] },
        ],
        404,
        "attachment_not_found",
      ],
      [
        "PATCH",
        t,
        [
          { title: 5 },
          { status: "done" },
          { status: 5 },
          { assignee: "robot" },
          { reopen: "yes" },
          { reason: {}, status: "rejected" },
        ],
        400,
        "invalid_json",
      ],
      ["PATCH", t, [{ title: "" }], 400, "empty"],
      [
        "PATCH",
        t,
        [
          { title: "x".repeat(256) },
          { body: "x".repeat(256 * kib + 1) },
          { status: "rejected", reason: "x".repeat(2_001) },
        ],
        413,
        "too_long",
      ],
      ["PATCH", t, [{ reopen: true }], 409, "not_closed"],
      // Half of it would be right: then nothing of it is done.
      ["PATCH", t, [{ title: "half-way", status: "completed", reopen: true }], 409, "not_closed"],
      ["PATCH", `/tasks/${done.id}`, [{ status: "ongoing" }, { title: "half-way", status: "rejected" }], 409],
      ["PATCH", foreign, [{ title: "x" }, { status: "completed" }], 404, "task_not_found"],
      ["DELETE", foreign, [undefined], 404, "task_not_found"],
      ["GET", foreign, [undefined], 404, "task_not_found"],
      ["GET", `${foreign}/messages`, [undefined], 404, "task_not_found"],
      ["GET", "/tasks/99999", [undefined], 404, "task_not_found"],
      ["GET", `/tasks/${never}`, [undefined], 404, "task_not_found"],
      ["GET", "/tasks/..%2f..%2f", [undefined], 404],
      [
        "POST",
        `${t}/messages`,
        [
          { text: 5 },
          { text: "x", attachments: {} },
          { text: "x", verdict: "maybe", digest: task.digest },
          { text: "x", inReplyTo: "short" },
          { text: "x", then: "party" },
          { text: "x", needsAnswer: "yes" },
        ],
        400,
        "invalid_json",
      ],
      ["POST", `${t}/messages`, [{}, { text: "" }, { text: " \n" }], 400, "empty"],
      ["POST", `${t}/messages`, [{ text: "x".repeat(256 * kib + 1) }], 413, "too_long"],
      ["POST", `${t}/messages`, [{ text: "x", attachments: Array(21).fill(file.id) }], 400, "too_many"],
      ["POST", `${t}/messages`, [{ text: "x", attachments: [there.file.id] }], 404, "attachment_not_found"],
      [
        "POST",
        `${t}/messages`,
        [
          { text: "x", inReplyTo: never },
          { text: "x", inReplyTo: there.message.id },
        ],
        404,
        "message_not_found",
      ],
      ["POST", `${t}/messages`, [{ verdict: "approved" }], 400, "bad_request"],
      [
        "POST",
        `${t}/messages`,
        [
          { verdict: "approved", digest: "00" },
          { verdict: "approved", digest: "x".repeat(64) },
        ],
        409,
        "shown_changed",
      ],
      [
        "POST",
        `${foreign}/messages`,
        [{ text: "x" }, { verdict: "approved", digest: there.task.digest }],
        404,
        "task_not_found",
      ],
      ["GET", "/tasks?status=done", [undefined], 400, "bad_request"],
      ["GET", "/tasks?assignee=robot", [undefined], 400, "bad_request"],
      ...["0", "101", "-1", "x", "1.5", "", "9".repeat(40)].map((limit) => [
        "GET",
        `/tasks?limit=${limit}`,
        [undefined],
        400,
        "bad_request",
      ]),
      ...["x", "2aaaaaaaaaaa", "1", "1'--", "1🦀"].map((cursor) => [
        "GET",
        `/tasks?cursor=${cursor}`,
        [undefined],
        400,
        "bad_request",
      ]),
      ...["limit=0", "limit=101", "order=up", "cursor=x", "cursor=-1"].map((query) => [
        "GET",
        `${t}/messages?${query}`,
        [undefined],
        400,
        "bad_request",
      ]),
      ["GET", `/attachments/${there.file.id}`, [undefined], 404, "attachment_not_found"],
      ["GET", `/attachments/${never}`, [undefined], 404, "attachment_not_found"],
      [
        "POST",
        `/commands`,
        [
          {},
          { clientId: 5, commands: [] },
          { clientId: "c" },
          { clientId: "c", commands: {} },
          { clientId: "c", commands: [{}] },
        ],
        400,
        "invalid_json",
      ],
      [
        "POST",
        `/commands`,
        [
          { clientId: "", commands: [] },
          { clientId: "x".repeat(65), commands: [] },
          { clientId: "a b", commands: [] },
        ],
        400,
        "invalid",
      ],
      [
        "PUT",
        "",
        [{ id: "x", name: "x", mission: "x", createdAt: "2026-01-01T00:00:00.000Z" }],
        405,
        "method_not_allowed",
      ],
    ];
    const earlier = await contents(room);
    const { cursor } = await room.get("/snapshot");
    for (const [method, path, bodies, status, code] of cases)
      for (const body of bodies) {
        const answer = await room.ask(method, encodeURI(path), body);
        const shown = `${method} ${path} ${JSON.stringify(body)?.slice(0, 100)}: ${JSON.stringify(answer.body).slice(0, 300)}`;
        assert.equal(answer.status, status, shown);
        if (code) assert.equal(answer.body.code, code, shown);
        assert.ok(answer.body.title && answer.body.detail.length > 5 && answer.body.status === status, shown);
        assert.doesNotMatch(JSON.stringify(answer.body), /sqlite|panicked|\.rs\b/i, shown);
      }
    assert.deepEqual(await contents(room), earlier);
    assert.equal((await room.get("/snapshot")).cursor, cursor, "not even the history has moved");
    assert.equal(message.index, 1);
  });

  test("takes everything up to its limits", async () => {
    const { person } = here;
    const made = await person.make("/api/workspaces", { name: "x".repeat(80), mission: "é".repeat(8 * kib) });
    const room = person.room(made.id);
    await room.change("", { name: "🦀".repeat(80) });
    await room.make("/tokens", { label: "x".repeat(64), expiresInDays: 366 });
    const file = await room.make(`/attachments?filename=${"x".repeat(255)}`, new Uint8Array(1));
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => (await room.make("/attachments", new Uint8Array(1))).id),
    );
    const task = await room.make("/tasks", {
      title: "🦀".repeat(255),
      body: "é".repeat(128 * kib),
      assignee: "human",
      attachments: ids,
    });
    const key = { "idempotency-key": "k".repeat(255) };
    const message = await room.make(
      `/tasks/${task.id}/messages`,
      { text: "x".repeat(256 * kib), attachments: [file.id] },
      key,
    );
    const again = await room.make(
      `/tasks/${task.id}/messages`,
      { text: "x".repeat(256 * kib), attachments: [file.id] },
      key,
    );
    assert.equal(again.id, message.id);
    assert.equal((await room.get(`/tasks/${task.id}/messages?limit=100`)).messages.length, 2);
    await room.change(`/tasks/${task.id}`, { status: "rejected", reason: "x".repeat(2_000) });
  });

  test("takes an Idempotency-Key of a sensible length, for one request only", async () => {
    const post = (text, key) =>
      here.room.ask("POST", `/tasks/${here.task.id}/messages`, { text }, { "idempotency-key": key });
    const count = async () => (await here.room.get(`/tasks/${here.task.id}`)).messages;
    const earlier = await count();
    assert.equal((await post("x", "k".repeat(256))).status, 400);
    assert.equal(await count(), earlier);
    assert.equal((await post("x", "one")).status, 201);
    assert.equal((await post("y", "one")).body.code, "conflict");
    assert.equal(await count(), earlier + 1);
  });
});

isAtWorkAsBefore(world);
