// A request of bytes as they are, to a server that may refuse them before it has read them all.
import { request } from "node:http";

/** Sends bytes as they are: `fetch` would mend some of what tests must get wrong. */
export function sendBytes(url, options, body) {
  return new Promise((done, fail) => {
    const sent = request(url, options, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      response.on("error", fail);
      response.on("end", () =>
        done({ status: response.statusCode, text, body: text.startsWith("{") ? JSON.parse(text) : undefined }),
      );
    });
    // A server that refuses a body before its end may cut the connection.
    sent.on("error", (error) =>
      ["EPIPE", "ECONNRESET"].includes(error.code) ? done({ status: 413, cut: true }) : fail(error),
    );
    sent.end(body);
  });
}
