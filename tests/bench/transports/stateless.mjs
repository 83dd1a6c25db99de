// Agents over Streamable HTTP without a session (MCP 2026-07-28): one is told that its inbox changed and reads it, one waits in a call.
import { messageOf, post } from "./rpc.mjs";

const revision = "2026-07-28";
const inbox = "agentrq://inbox";
const meta = {
  "io.modelcontextprotocol/protocolVersion": revision,
  "io.modelcontextprotocol/clientCapabilities": {},
  "io.modelcontextprotocol/clientInfo": { name: "bench", version: "1" },
};

export const listening = { name: "Streamable HTTP 2026-07-28: listen, then resources/read", connect: listen };
export const waiting = { name: "Streamable HTTP 2026-07-28: waitForMessages", connect: wait };

/** What every request is made of: its message, and the headers that repeat a part of it. */
function client(wire, mcpUrl) {
  let last = 0;
  const request = (method, params) => ({
    message: { jsonrpc: "2.0", id: (last += 1), method, params: { ...params, _meta: meta } },
    headers: {
      "mcp-protocol-version": revision,
      "mcp-method": method,
      ...((params.name ?? params.uri) && { "mcp-name": params.name ?? params.uri }),
    },
  });
  return {
    async ask(method, params) {
      const { message, headers } = request(method, params);
      return (await post(wire, mcpUrl, message, headers)).result;
    },
    /** A request whose answer is a stream. */
    open(method, params, onEvent) {
      const { message, headers } = request(method, params);
      const accept = "application/json, text/event-stream";
      return wire.listen(mcpUrl, { method: "POST", body: message, headers: { accept, ...headers }, onEvent });
    },
  };
}

async function listen(wire, mcpUrl) {
  const { ask, open } = client(wire, mcpUrl);
  const acknowledged = Promise.withResolvers();
  const waits = new Map();
  const read = async () => {
    const text = JSON.stringify(await ask("resources/read", { uri: inbox }));
    for (const [mark, done] of waits) {
      if (!text.includes(mark)) continue;
      waits.delete(mark);
      done(performance.now());
    }
  };
  const stream = await open("subscriptions/listen", { notifications: { resourceSubscriptions: [inbox] } }, (event) => {
    const { method } = messageOf(event) ?? {};
    if (method === "notifications/subscriptions/acknowledged") acknowledged.resolve();
    if (method === "notifications/resources/updated") read().catch(() => {});
  });
  await acknowledged.promise;
  return {
    call: (name, args) => ask("tools/call", { name, arguments: args }),
    expect: async (mark) => ({ heard: new Promise((done) => waits.set(mark, done)), settled: undefined }),
    close: () => stream.close(),
  };
}

async function wait(wire, mcpUrl) {
  const { ask, open } = client(wire, mcpUrl);
  return {
    call: (name, args) => ask("tools/call", { name, arguments: args }),
    /** Once the response has begun, the call is held. */
    async expect(mark) {
      const stream = await open("tools/call", { name: "waitForMessages", arguments: { timeout_seconds: 30 } });
      const heard = stream.hears(mark);
      return { heard, settled: heard.then(() => stream.close()) };
    },
    close: () => {},
  };
}
