// An agent over Streamable HTTP with a session (MCP 2025-11-25): it hears channel events on the stream that it opened with GET.
import { messageOf, post } from "./rpc.mjs";

const revision = "2025-11-25";
const clientInfo = { name: "bench", version: "1" };

export const streamable = { name: "Streamable HTTP 2025-11-25: channel event", connect };

async function connect(wire, mcpUrl) {
  let last = 0;
  let session = {};
  let pongs = [];
  const send = (message) => post(wire, mcpUrl, message, session);
  const request = async (method, params) => (await send({ id: (last += 1), method, params })).result;

  const params = { protocolVersion: revision, capabilities: {}, clientInfo };
  const { headers } = await send({ id: (last += 1), method: "initialize", params });
  session = { "mcp-session-id": headers["mcp-session-id"], "mcp-protocol-version": revision };
  await send({ method: "notifications/initialized" });
  const stream = await wire.listen(mcpUrl, {
    headers: session,
    onEvent(event) {
      const { id, method } = messageOf(event) ?? {};
      if (method !== "ping") return;
      const waiting = pongs;
      pongs = [];
      send({ id, result: {} }).then(
        () => waiting.forEach((done) => done()),
        () => {},
      );
    },
  });
  return {
    call: (name, args) => request("tools/call", { name, arguments: args }),
    expect: async (mark) => ({ heard: stream.hears(mark), settled: new Promise((done) => pongs.push(done)) }),
    close: () => stream.close(),
  };
}
