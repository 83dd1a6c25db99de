// An HTTP proxy before a server, which changes on the way what a test wants changed, and passes everything else on as it came.
import { createServer, request } from "node:http";

/**
 * Starts it before a server on 127.0.0.1; resolves with its URL, and with the ways to cut what is open and to stop it.
 * @param {{asks?: (path: string) => object, says?: (text: string) => string}} changes `asks`: headers that a request gets besides its own;
 * `says`: what a piece of an event stream becomes
 */
export async function startHttpProxy(port, { asks = () => ({}), says }) {
  const proxy = createServer((asked, answer) => {
    const { method, url: path, headers } = asked;
    const options = { host: "127.0.0.1", port, method, path, headers: { ...headers, ...asks(path) }, setHost: false };
    const onward = request(options, (got) => {
      answer.writeHead(got.statusCode, got.rawHeaders);
      answer.flushHeaders();
      if (!says || !got.headers["content-type"]?.startsWith("text/event-stream")) return got.pipe(answer);
      got.setEncoding("utf8");
      got.on("data", (piece) => answer.write(says(piece)));
      got.on("end", () => answer.end());
    });
    // Whichever side goes, the other one learns of it.
    onward.on("error", () => answer.destroy());
    answer.on("close", () => onward.destroy());
    asked.pipe(onward);
  });
  await new Promise((ready) => proxy.listen(0, "127.0.0.1", ready));
  return {
    url: `http://127.0.0.1:${proxy.address().port}`,
    cut: () => proxy.closeAllConnections(),
    stop() {
      proxy.closeAllConnections();
      return new Promise((done) => proxy.close(done));
    },
  };
}

/** One that shows an agent's token for a client that has none to show. */
export const startTokenProxy = (port, token) =>
  startHttpProxy(port, {
    asks: (path) => (new URL(path, "http://any").searchParams.has("token") ? {} : { authorization: `Bearer ${token}` }),
  });
