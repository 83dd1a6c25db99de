// The hosted form: what `npm run deploy` would upload, and the story under `wrangler dev`, with every part but Cloudflare's network.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { inRoot } from "../../scripts/lib/paths.mjs";
import { readWrangler } from "../../scripts/wrangler.mjs";
import { Agent } from "../lib/agent.mjs";
import { Person } from "../lib/person.mjs";
import { settle } from "../lib/world.mjs";
import { offline, startWrangler } from "../lib/wrangler.mjs";

/** An agent with the official client over a transport of it. */
async function connect(Transport, mcpUrl) {
  const agent = new Agent();
  agent.client = new Client({ name: "test-agent", version: "1.0.0" });
  agent.client.fallbackNotificationHandler = async ({ method, params }) => {
    if (method === "notifications/claude/channel") agent.heard.push(params);
  };
  await agent.client.connect(new Transport(new URL(mcpUrl)));
  return agent;
}

let dataDir;
before(() => (dataDir = mkdtempSync(join(tmpdir(), "agentrq-wrangler-"))));
after(() => rmSync(dataDir, { recursive: true, force: true }));

test("a deploy would upload the Worker with all of its bindings, and is small", (t) => {
  const options = ["deploy", "--dry-run", `--outdir=${join(dataDir, "upload")}`];
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [inRoot("node_modules/wrangler/bin/wrangler.js"), ...options],
    { cwd: inRoot(), env: { ...process.env, ...offline }, encoding: "utf8" },
  );
  const said = stdout + stderr;
  assert.equal(status, 0, said);
  const { durable_objects, assets } = readWrangler();
  for (const { name, class_name } of durable_objects.bindings)
    assert.match(said, new RegExp(`env\\.${name} \\(${class_name}\\)\\s+Durable Object`), said);
  assert.match(said, new RegExp(`env\\.${assets.binding}\\s+Assets`), said);
  const [, size, gzipped] = /Total Upload: ([\d.]+) KiB \/ gzip: ([\d.]+) KiB/.exec(said);
  t.diagnostic(`upload: ${size} KiB, ${gzipped} KiB gzipped`);
  assert.ok(parseFloat(gzipped) < 1024, "less than 1 MiB gzipped");
  assert.doesNotMatch(said, /warning|✘/i, said);
});

describe("under `wrangler dev`", () => {
  const ownerKey = `owner ${randomBytes(8).toString("hex")}`;
  let server;
  /** What tests know of a server: see `startWorld`. */
  const world = () => ({ url: server.url, signIn: () => Person.signIn(server.url, ownerKey) });
  const start = (secrets) => startWrangler({ dataDir, secrets });
  const secrets = { AGENTRQ_SECRET: randomBytes(32).toString("hex"), AGENTRQ_OWNER_KEY: ownerKey };
  before(async () => (server = await start(secrets)));
  after(() => server?.stop());

  for (const [how, Transport] of [
    ["HTTP+SSE", SSEClientTransport],
    ["Streamable HTTP", StreamableHTTPClientTransport],
  ])
    test(`an agent over ${how} asks, a person answers, the agent hears it at once and goes on; the stream tells all of it`, async () => {
      const { person, room, token } = await settle(world());
      const stream = await room.watch();
      const agent = await connect(Transport, token.mcpUrl);
      try {
        const diff = Buffer.from("DROP TABLE sessions;");
        const attachments = [{ filename: "a.sql", mimeType: "text/plain", data: diff.toString("base64") }];
        const { task_id: task } = await agent.call("createTask", {
          title: "Approve: it",
          assignee: "human",
          attachments,
        });
        const created = await stream.until("task.created");
        assert.equal(created.json.taskId, task);
        const [shown] = (await room.get(`/tasks/${task}/messages`)).messages;
        assert.deepEqual(Buffer.from(await room.get(`/attachments/${shown.attachments[0].id}`)), diff);
        await room.decide(task, "approved", "Go on.");
        const { meta, content } = await agent.hears(({ meta }) => meta.verdict);
        assert.deepEqual([meta.chat_id, meta.verdict, meta.user_name], [task, "approved", person.person.name]);
        assert.match(content, /^\[Response to task \w+\]\n\nApproved\n\nGo on\./);
        await agent.call("reply", { chat_id: task, text: "Done.", in_reply_to: meta.message_id });
        await agent.call("updateTaskStatus", { task_id: task, status: "completed" });
        const done = await room.get(`/tasks/${task}`);
        assert.deepEqual([done.status, done.verdict.kind, done.turn], ["completed", "approved", "nobody"]);
        for (const event of ["agent.connected", "reply.received", "status.updated"]) await stream.until(event);
        assert.equal(agent.heard.length, 1, "each thing is said once");
      } finally {
        await agent.close();
        stream.close();
      }
    });

  test("the page and its files are served, and nothing else is a page", async () => {
    const page = await fetch(`${server.url}/`);
    assert.match(await page.text(), /<!doctype html>/i);
    assert.ok(page.headers.get("content-security-policy"));
    assert.equal((await fetch(`${server.url}/api/nothing`)).status, 404);
  });

  test("what was written is there after a restart, and a server without its secret says what is missing", async () => {
    const { room } = await settle(world(), { name: "Before" });
    const { id } = await room.make("/tasks", { title: "Kept", assignee: "human" });
    await server.stop();
    server = await start({ AGENTRQ_OWNER_KEY: ownerKey });
    const refused = await fetch(`${server.url}/api/session`, { method: "POST", body: "{}" });
    const { code, detail } = await refused.json();
    assert.deepEqual([refused.status, code], [500, "misconfigured"]);
    assert.match(detail, /AGENTRQ_SECRET must hold 64 hex digits/);
    await server.stop();
    server = await start(secrets);
    const person = await world().signIn();
    assert.equal((await person.get(`${room.base}/tasks/${id}`)).title, "Kept");
  });
});
