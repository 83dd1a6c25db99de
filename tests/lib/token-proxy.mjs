// An HTTP proxy that shows an agent's token for a client that has none to show, and passes everything else on as it came.
import { createServer, request } from "node:http";

/** Starts it before a server on 127.0.0.1; resolves with its URL, and with the way to stop it. */
export async function startTokenProxy(port, token) {
  const proxy = createServer((asked, answer) => {
    const { method, url: path, headers } = asked;
    const shown = new URL(path, "http://any").searchParams.has("token") ? {} : { authorization: `Bearer ${token}` };
    const options = { host: "127.0.0.1", port, method, path, headers: { ...headers, ...shown }, setHost: false };
    const onward = request(options, (got) => {
      answer.writeHead(got.statusCode, got.rawHeaders);
      answer.flushHeaders();
      got.pipe(answer);
    });
    // Whichever side goes, the other one learns of it.
    onward.on("error", () => answer.destroy());
    answer.on("close", () => onward.destroy());
    asked.pipe(onward);
  });
  await new Promise((ready) => proxy.listen(0, "127.0.0.1", ready));
  return {
    url: `http://127.0.0.1:${proxy.address().port}`,
    stop() {
      proxy.closeAllConnections();
      return new Promise((done) => proxy.close(done));
    },
  };
}
