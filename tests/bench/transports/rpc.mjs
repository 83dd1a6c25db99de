// JSON-RPC over POST, as both revisions of Streamable HTTP do: the answer is JSON, or comes as the last event of a stream.

const accept = "application/json, text/event-stream";

/** The messages in a response. */
function messages({ headers, text }) {
  if (!headers["content-type"]?.includes("event-stream")) return text === "" ? [] : [JSON.parse(text)];
  return text
    .split("\n\n")
    .flatMap((event) => event.split("\n").filter((line) => line.startsWith("data: {")))
    .map((line) => JSON.parse(line.slice(6)));
}

/** The message in an event of a stream, if there is one. */
export function messageOf(event) {
  const line = event.split("\n").find((line) => line.startsWith("data: {"));
  return line && JSON.parse(line.slice(6));
}

/** Posts a message; resolves with the response's headers and, of a request, its result. */
export async function post(wire, url, message, headers = {}) {
  const answer = await wire.ask("POST", url, { jsonrpc: "2.0", ...message }, { accept, ...headers });
  if (answer.status >= 300)
    throw new Error(`${message.method} answered ${answer.status}: ${answer.text.slice(0, 300)}`);
  if (message.method === undefined || message.id === undefined) return { headers: answer.headers };
  const found = messages(answer).find(({ id, result, error }) => id === message.id && (result || error));
  if (!found?.result || found.result.isError) throw new Error(`${message.method}: ${answer.text.slice(0, 300)}`);
  return { headers: answer.headers, result: found.result };
}
