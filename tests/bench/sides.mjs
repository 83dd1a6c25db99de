// The two things that are measured, each on its own workerd: the product and the floor.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { launch, startServer } from "../../scripts/serve.mjs";
import { Wire } from "./wire.mjs";

const host = "127.0.0.1";

/** Runs `start` with a data folder that is gone afterwards. */
function withData(start) {
  const dataDir = mkdtempSync(join(tmpdir(), "agentrq-bench-"));
  return start(dataDir, () => rmSync(dataDir, { recursive: true, force: true }));
}

export const startFloor = () =>
  withData(async (dataDir, forget) => {
    const folder = fileURLToPath(new URL("floor", import.meta.url));
    mkdirSync(join(dataDir, "objects"));
    const server = await launch({ folder, host, port: 0, dataDir, env: {}, quiet: true });
    const wire = new Wire(`http://${host}:${server.port}`);
    const stream = await wire.listen("/stream");
    return {
      /** A message in, the same message out. */
      async relay(mark) {
        const heard = stream.hears(mark);
        const start = performance.now();
        const posted = wire.must("POST", "/", { text: `A reply of a usual length, some two lines of text. ${mark}` });
        const took = (await heard) - start;
        await posted;
        return took;
      },
      /** There and back: the Worker alone, and with the object. */
      look: () => timed(() => wire.must("GET", "/healthz")),
      reads: () => timed(() => wire.must("GET", "/object")),
      async end() {
        stream.close();
        wire.end();
        server.child.kill("SIGKILL");
        await server.exited;
        forget();
      },
    };
  });

async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export const startProduct = () =>
  withData(async (dataDir, forget) => {
    const server = await startServer({ port: 0, host, dataDir, quiet: true });
    const wire = new Wire(server.url);
    const { headers } = await wire.ask("POST", "/api/session", { key: server.key });
    const cookie = { cookie: headers["set-cookie"][0].split(";")[0] };
    const workspace = await wire.must("POST", "/api/workspaces", { name: "Bench" }, cookie);
    const base = `/api/workspaces/${workspace.id}`;
    const { token, mcpUrl } = await wire.must("POST", `${base}/tokens`, { label: "bench" }, cookie);
    const dashboard = await wire.listen(`${base}/events`, cookie);
    const agent = await connectAgent(wire, mcpUrl);
    await agent.call("createTask", { title: "Question: how long does a reply take?", assignee: "human" });
    const [task] = (await wire.must("GET", `${base}/tasks`, undefined, cookie)).tasks;
    return {
      /** A person answers, the agent's stream has it. */
      async reply(mark) {
        const heard = agent.stream.hears(mark);
        const answered = agent.nextPong();
        const start = performance.now();
        const posted = wire.must(
          "POST",
          `${base}/tasks/${task.id}/messages`,
          { text: `A reply of a usual length, some two lines of text. ${mark}` },
          cookie,
        );
        const took = (await heard) - start;
        await posted;
        await answered;
        return took;
      },
      /** An agent asks, the dashboard's stream has it. */
      async createTask(mark) {
        const heard = dashboard.hears(mark);
        const start = performance.now();
        const called = agent.call("createTask", {
          title: `Question: ${mark}`,
          body: "A task of a usual length, some two lines of text.",
          assignee: "human",
        });
        const took = (await heard) - start;
        await called;
        return took;
      },
      /** The Worker alone, with the object, and with account and object: where a reply's time goes. */
      look: () => timed(() => wire.must("GET", "/healthz")),
      agentReads: () => timed(() => wire.must("GET", `${base}/tasks/${task.id}?token=${token}`)),
      personReads: () => timed(() => wire.must("GET", `${base}/tasks/${task.id}`, undefined, cookie)),
      async end() {
        dashboard.close();
        agent.stream.close();
        wire.end();
        await server.stop();
        forget();
      },
    };
  });

/** An agent over HTTP+SSE that answers pings, as every client library does. */
async function connectAgent(wire, mcpUrl) {
  const opened = Promise.withResolvers();
  const calls = new Map();
  let pongs = [];
  const stream = await wire.listen(mcpUrl, {}, (event) => {
    const data = event.slice(event.indexOf("data: ") + 6);
    if (event.startsWith("event: endpoint")) return opened.resolve(data);
    if (!event.startsWith("event: message")) return;
    const { id, method, result, error } = JSON.parse(data);
    if (method === "ping") {
      const waiting = pongs;
      pongs = [];
      post({ id, result: {} }).then(() => waiting.forEach((done) => done()));
    } else if (result || error) {
      const { done, fail } = calls.get(id);
      calls.delete(id);
      if (error || result.isError) fail(new Error(JSON.stringify(error ?? result)));
      else done();
    }
  });
  const endpoint = await opened.promise;
  const post = (message) => wire.must("POST", endpoint, { jsonrpc: "2.0", ...message });
  let last = 0;
  const request = async (method, params) => {
    const id = (last += 1);
    const answered = new Promise((done, fail) => calls.set(id, { done, fail }));
    await Promise.all([post({ id, method, params }), answered]);
  };
  await request("initialize", {
    protocolVersion: "2024-11-05",
    capabilities: {},
    clientInfo: { name: "bench", version: "1" },
  });
  await post({ method: "notifications/initialized" });
  return {
    stream,
    call: (name, args) => request("tools/call", { name, arguments: args }),
    nextPong: () => new Promise((done) => pongs.push(done)),
  };
}
