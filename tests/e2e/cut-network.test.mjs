// A network that stops forwarding and tells nobody: sockets stay open on both sides, and nothing arrives.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Agent } from "../lib/agent.mjs";
import { openBrowser, signedInPage } from "../lib/browser.mjs";
import { reaches, states, told } from "../lib/deliveries.mjs";
import { isKept, syncs } from "../lib/page.mjs";
import { Proxy } from "../lib/proxy.mjs";
import { RawAgent } from "../lib/raw.mjs";
import { ownWorld } from "../lib/own-world.mjs";
import { settle } from "../lib/world.mjs";

const world = ownWorld();

const promisedMs = 15_000;

/** An agent behind a network that has just stopped forwarding, and a person who watches. */
async function cutOff(t) {
  const { room, token } = await settle(world);
  const proxy = await Proxy.to(world.server.port);
  const stream = await room.watch();
  t.after(async () => {
    stream.close();
    await proxy.close();
  });
  const lost = await RawAgent.connect(proxy.through(token.mcpUrl));
  t.after(() => lost.drop());
  const result = await lost.tool("createTask", { title: "Question: still there?", assignee: "human" });
  proxy.freeze();
  return { room, token, proxy, stream, lost, task: result.structuredContent.task_id };
}

describe("a network that stops forwarding", { concurrency: 2 }, () => {
  test("the stream is given up within 15 s of the next push, and the item waits again", async (t) => {
    const { room, token, stream, lost, task } = await cutOff(t);
    const pushed = performance.now();
    const message = await room.make(`/tasks/${task}/messages`, { text: "hello?" });
    const left = () => promisedMs - (performance.now() - pushed);
    await reaches(stream, message.id, "queued", left());
    await stream.until("agent.disconnected", left());
    assert.deepEqual(states(stream, message.id), ["queued", "sent", "queued"]);

    const next = await Agent.connect(token.mcpUrl);
    t.after(() => next.close());
    await next.hears(({ meta }) => meta.message_id === message.id);
    await reaches(stream, message.id, "received");
    assert.equal(told(stream, message.id).at(-1).copies, 2);
    assert.deepEqual(lost.heard, []);
  });

  test("a client that comes back over a new network takes the place of its dead stream", async (t) => {
    const { room, token, proxy, stream, lost, task } = await cutOff(t);
    // Its call gets through (say, just before the network broke); the answer does not.
    const answer = lost.askTool("getNextTask").catch(() => {});
    proxy.replace();
    const elsewhere = new RawAgentAt(lost.endpoint, token.mcpUrl);
    const id = await elsewhere.ask();
    const again = await RawAgent.open(token.mcpUrl, { firstId: 100 });
    t.after(() => again.drop());
    await again.tool("getWorkspace");
    // It is asked on the old stream, and within a pong's time found dead: what it owed comes here.
    assert.equal((await again.answerTo(id, promisedMs)).result.structuredContent.task, null);
    const message = await room.make(`/tasks/${task}/messages`, { text: "welcome back" });
    await again.hears(({ meta }) => meta.message_id === message.id);
    await reaches(stream, message.id, "received");
    await proxy.close();
    await answer;
  });

  test("what a person says into it is said again over the next one, and stands there once", async (t) => {
    const { workspace, room } = await settle(world, { name: "Tunnel" });
    const task = await room.make("/tasks", { title: "Said into a tunnel", assignee: "human" });
    const proxy = await Proxy.to(world.server.port);
    const browser = await openBrowser();
    t.after(async () => {
      await browser.close();
      await proxy.close();
    });
    const url = proxy.through(world.url).replace(/\/$/, "");
    const page = await signedInPage(browser, { ...world, url }, `/w/${workspace.id}/tasks/${task.id}`);
    await syncs(page, /^All saved$/);
    // Until then its own files take up connections, of which a browser has six; and a browser tries every one that it believes to be open.
    await isKept(page);
    proxy.cut();
    proxy.freeze();
    const asked = proxy.lost("Approved, go on");
    await page.getByRole("textbox", { name: /reply|answer|comment/i }).fill("Approved, go on");
    await page.getByRole("button", { name: "Send reply" }).click();
    await asked;
    // What is open stays dead, and nothing tells the browser so.
    proxy.replace();
    await syncs(page, /^All saved$/);
    const { messages } = await room.get(`/tasks/${task.id}/messages`);
    assert.deepEqual(
      messages.slice(1).map(({ text }) => text),
      ["Approved, go on"],
    );
  });
});

/** Posts to an address that another stream had named. */
class RawAgentAt {
  constructor(endpoint, mcpUrl) {
    this.url = new URL(endpoint, mcpUrl);
  }

  async ask() {
    const request = { jsonrpc: "2.0", id: 77, method: "tools/call", params: { name: "getNextTask", arguments: {} } };
    const headers = { "content-type": "application/json" };
    const { status } = await fetch(this.url, { method: "POST", headers, body: JSON.stringify(request) });
    assert.equal(status, 202);
    return request.id;
  }
}
