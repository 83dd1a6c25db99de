// Requests sent as they are, many at a time, over connections that stay open. `fetch` would mend some of what tests must get wrong.
import { Agent, request } from "node:http";

export class KeepAlive {
  constructor(url, connections) {
    this.url = url;
    this.agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Resolves with `{status, headers, bytes, json}`; of a stream with what came first. `null`: these headers cannot be sent at all. */
  send({ method, path, headers = {}, body }) {
    const { promise, resolve, reject } = Promise.withResolvers();
    let sent;
    try {
      sent = request(new URL(this.url).origin, { method, path, headers, agent: this.agent });
    } catch (error) {
      if (/ERR_INVALID|ERR_UNESCAPED/.test(error.code)) return Promise.resolve(null);
      throw error;
    }
    sent.on("response", (response) => {
      const { statusCode: status, headers } = response;
      const isStream = /event-stream/.test(headers["content-type"] ?? "");
      const chunks = [];
      const done = () => {
        const bytes = Buffer.concat(chunks);
        const json = /json/.test(headers["content-type"] ?? "") && bytes.length ? JSON.parse(bytes) : undefined;
        resolve({ status, headers, bytes, json });
      };
      response.on("data", (chunk) => {
        chunks.push(chunk);
        if (!isStream) return;
        done();
        sent.destroy();
      });
      response.on("end", done);
      response.on("error", reject);
    });
    // A server that refuses a body before its end may cut the connection.
    sent.on("error", (error) =>
      ["EPIPE", "ECONNRESET"].includes(error.code) ? resolve({ cut: true }) : reject(error),
    );
    sent.end(body);
    return promise;
  }

  close() {
    this.agent.destroy();
  }
}
