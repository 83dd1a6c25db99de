// An agent over HTTP+SSE (MCP 2024-11-05). It answers pings, as every client library does.
//
// A transport is `{name, connect(wire, mcpUrl)}`. What is connected can `call` a tool, and `expect` a mark: once that resolves with
// `{heard, settled}` a reply may be sent; `heard` resolves with when the agent had it, `settled` when nothing of it is under way any more.
const clientInfo = { name: "bench", version: "1" };

export const sse = { name: "HTTP+SSE: channel event", connect };

async function connect(wire, mcpUrl) {
  const opened = Promise.withResolvers();
  const calls = new Map();
  let pongs = [];
  const stream = await wire.listen(mcpUrl, {
    onEvent(event) {
      const data = event.slice(event.indexOf("data: ") + 6);
      if (event.startsWith("event: endpoint")) return opened.resolve(data);
      if (!event.startsWith("event: message")) return;
      const { id, method, result, error } = JSON.parse(data);
      if (method === "ping") {
        const waiting = pongs;
        pongs = [];
        post({ id, result: {} }).then(
          () => waiting.forEach((done) => done()),
          () => {},
        );
      } else if (result || error) {
        const { done, fail } = calls.get(id);
        calls.delete(id);
        if (error || result.isError) fail(new Error(JSON.stringify(error ?? result)));
        else done(result);
      }
    },
  });
  const endpoint = await opened.promise;
  const post = (message) => wire.must("POST", endpoint, { jsonrpc: "2.0", ...message });
  let last = 0;
  const request = async (method, params) => {
    const id = (last += 1);
    const answered = new Promise((done, fail) => calls.set(id, { done, fail }));
    const [, result] = await Promise.all([post({ id, method, params }), answered]);
    return result;
  };
  await request("initialize", { protocolVersion: "2024-11-05", capabilities: {}, clientInfo });
  await post({ method: "notifications/initialized" });
  return {
    ask: request,
    call: (name, args) => request("tools/call", { name, arguments: args }),
    expect: async (mark) => ({ heard: stream.hears(mark), settled: new Promise((done) => pongs.push(done)) }),
    close: () => stream.close(),
  };
}
