// Calls that take their time over MCP 2026-07-28: answered on a stream of their own, which ends with the answer or with its client.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { reaches } from "../lib/deliveries.mjs";
import { StatelessClient } from "../lib/stateless.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const world = ownWorld();

/** A client that has asked a person something, and what people see of it. */
async function asked(t) {
  const { room, token, workspace } = await settle(world);
  const client = new StatelessClient(token.mcpUrl);
  const { task_id: task } = await client.call("createTask", { title: "Question: now?", assignee: "human" });
  const dashboard = await room.watch();
  t.after(() => dashboard.close());
  const says = (text) => room.make(`/tasks/${task}/messages`, { text });
  return { room, token, workspace, client, task, dashboard, says };
}

const idsOf = (result) => result.structuredContent.messages.map(({ message_id }) => message_id);
const kinds = (stream) => stream.events.map(({ json }) => json.method ?? "answer");

describe("a call that waits", () => {
  test("opens a stream at once, which no proxy keeps back", async (t) => {
    const { client } = await asked(t);
    const { headers, body } = client.prepared("tools/call", { name: "waitForMessages", arguments: {} });
    const gone = new AbortController();
    t.after(() => gone.abort());
    const response = await fetch(client.url, { method: "POST", headers, body, signal: gone.signal });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    assert.equal(response.headers.get("x-accel-buffering"), "no");
    assert.match(response.headers.get("cache-control"), /no-cache.*no-transform/);
    assert.equal(response.headers.get("mcp-session-id"), null);
    // Nobody has answered: what comes first says nothing, and is no event.
    const { value } = await response.body.getReader().read();
    assert.match(new TextDecoder().decode(value), /^:[^\n]*\n\n$/);
  });

  test("is answered as soon as a person speaks, which ends the stream", async (t) => {
    const { client, says } = await asked(t);
    const waiting = await client.wait();
    const { id } = await says("now");
    const result = await waiting.answered();
    assert.deepEqual(idsOf(result), [id]);
    await waiting.done;
    assert.ok(waiting.ended);
    assert.deepEqual(kinds(waiting), ["answer"], "nothing but the answer: no progress was asked for, and no ping");
  });

  test("is answered under the id that it came with", async (t) => {
    const { client, says } = await asked(t);
    for (const id of ["a b", 0, -3, ""]) {
      const waiting = await client.wait({}, { id });
      const message = await says(`to ${id}`);
      assert.deepEqual(idsOf(await waiting.answered()), [message.id]);
      await waiting.done;
    }
  });

  test("is answered with nothing when its time is up", async (t) => {
    const { client } = await asked(t);
    const waiting = await client.wait({ timeout_seconds: 1 });
    assert.deepEqual(idsOf(await waiting.answered()), []);
    await waiting.done;
    const { status, json } = await client.ask("tools/call", {
      name: "waitForMessages",
      arguments: { timeout_seconds: 0 },
    });
    assert.deepEqual([status, json.result.structuredContent.messages], [200, []]);
  });

  test("that finds something waiting is answered at once, in the response or on a stream", async (t) => {
    const { client, says } = await asked(t);
    const { id } = await says("before you ask");
    const { status, json } = await client.ask("tools/call", { name: "waitForMessages", arguments: {} });
    assert.equal(status, 200);
    assert.deepEqual(idsOf(json.result), [id]);
  });
});

describe("progress", () => {
  for (const progressToken of ["mine", 0, 17])
    test(`is told of under the token ${JSON.stringify(progressToken)}, before the answer and not after`, async (t) => {
      const { client, says } = await asked(t);
      const waiting = await client.wait({}, { meta: { progressToken } });
      const { json } = await waiting.until(({ json }) => json?.method === "notifications/progress");
      assert.deepEqual(json.params.progressToken, progressToken);
      assert.ok(typeof json.params.progress === "number" && json.params.progress >= 1);
      assert.ok(!("id" in json));
      await says("done");
      await waiting.answered();
      await waiting.done;
      assert.equal(kinds(waiting).at(-1), "answer");
    });

  test("is not told of to a client that gave no token for it, or none that is one", async (t) => {
    const { client, says } = await asked(t);
    for (const progressToken of [undefined, null, {}, [1], true]) {
      const waiting = await client.wait({}, { meta: { progressToken } });
      await sleep(100);
      await says("done");
      await waiting.answered();
      await waiting.done;
      assert.deepEqual(kinds(waiting), ["answer"], JSON.stringify(progressToken));
    }
  });
});

describe("a client that goes away", () => {
  test("has cancelled its call: what comes next waits for its next one, and nothing is lost", async (t) => {
    const { client, says, dashboard } = await asked(t);
    const waiting = await client.wait();
    waiting.close();
    await waiting.done;
    await sleep(300);
    const { id } = await says("anybody?");
    const { state } = await reaches(dashboard, id, "queued", 2_000);
    assert.equal(state, "queued");
    const again = await client.call("waitForMessages", { timeout_seconds: 0 });
    // It was written once, to nobody as it turned out: every copy after the first says that it is one.
    assert.deepEqual(
      again.messages.map(({ message_id, redelivered }) => [message_id, redelivered]),
      [[id, "true"]],
    );
  });

  test("an instant before a person speaks still hears it, from its next call", async (t) => {
    const { client, says } = await asked(t);
    for (let round = 0; round < 3; round++) {
      const waiting = await client.wait();
      waiting.close();
      const { id } = await says(`round ${round}`);
      const deadline = Date.now() + 3_000;
      for (;;) {
        const { messages } = await client.call("waitForMessages", { timeout_seconds: 0 });
        if (messages.some(({ message_id }) => message_id === id)) break;
        assert.ok(Date.now() < deadline, `round ${round}: the reply was lost`);
        await sleep(100);
      }
    }
  });

  test("hears on the result of any tool what came after", async (t) => {
    const { client, says } = await asked(t);
    const waiting = await client.wait();
    waiting.close();
    await sleep(300);
    const { id } = await says("by the way");
    const { content } = await client.tool("getWorkspace");
    assert.ok(content[0].text.includes(id) && content[0].text.includes("by the way"), content[0].text);
    const { content: next } = await client.tool("getWorkspace");
    assert.ok(!next.some(({ text }) => text.includes("by the way")), "it rode twice");
  });

  test("takes nothing from the other calls of the same token", async (t) => {
    const { client, says, token } = await asked(t);
    const other = new StatelessClient(token.mcpUrl);
    const [left, stays] = [await client.wait({}, { id: 1 }), await other.wait({}, { id: 1 })];
    left.close();
    await sleep(300);
    const { id } = await says("still there?");
    assert.deepEqual(idsOf(await stays.answered(2_000)), [id]);
  });

  test("cannot be cancelled by a notification in its place: that is taken and does nothing", async (t) => {
    const { client, says } = await asked(t);
    const waiting = await client.wait();
    const { headers } = client.prepared("notifications/cancelled");
    const params = { requestId: waiting.id };
    const body = JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params });
    assert.equal((await client.post(body, headers)).status, 202);
    const { id } = await says("go on");
    assert.deepEqual(idsOf(await waiting.answered()), [id]);
  });
});

describe("people see", () => {
  test("how far an answer has come: sent, received with the stream's end, seen with the next call", async (t) => {
    const { client, says, dashboard } = await asked(t);
    const waiting = await client.wait();
    const { id } = await says("look");
    await waiting.answered();
    await reaches(dashboard, id, "received", 3_000);
    await client.tool("getWorkspace");
    await reaches(dashboard, id, "seen");
  });

  test("the same of what rode on a result in a response", async (t) => {
    const { client, says, dashboard } = await asked(t);
    const { id } = await says("look");
    const { content } = await client.tool("getWorkspace");
    assert.ok(content[0].text.includes(id));
    await reaches(dashboard, id, "received", 3_000);
    await client.tool("getWorkspace");
    await reaches(dashboard, id, "seen");
  });
});
