// A bare MCP client over Streamable HTTP that shows answers as they came: one POST a request, in any revision.
const meta = "io.modelcontextprotocol";
const named = { "tools/call": "name", "prompts/get": "name", "resources/read": "uri" };
const isModern = (revision) => revision >= "2026-07-28";

export class RpcClient {
  #last = 0;

  constructor(mcpUrl, revision) {
    Object.assign(this, { url: mcpUrl, revision, session: undefined });
  }

  /** Opens with the handshake where the revision has one; `opening` is the answer to it, or to the question what the server is. */
  static async open(mcpUrl, revision) {
    const self = new RpcClient(mcpUrl, revision);
    if (isModern(revision)) {
      self.opening = await self.ask("server/discover");
      return self;
    }
    const clientInfo = { name: "bare", version: "1" };
    self.opening = await self.ask("initialize", { protocolVersion: revision, capabilities: {}, clientInfo });
    self.session = self.opening.headers.get("mcp-session-id");
    await self.post({ jsonrpc: "2.0", method: "notifications/initialized" });
    return self;
  }

  /** One request: `{status, headers, message, besides}`, with the answer as it came and what came before it on the same stream. */
  async ask(method, params = {}) {
    const id = (this.#last += 1);
    const response = await this.post({ jsonrpc: "2.0", id, method, params: this.#enveloped(params) });
    const messages = await messagesOf(response);
    const message = messages.find((it) => it.id === id && !it.method);
    return {
      status: response.status,
      headers: response.headers,
      message,
      besides: messages.filter((it) => it !== message),
    };
  }

  post(message) {
    const { method, params } = message;
    const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
    if (method !== "initialize") headers["mcp-protocol-version"] = this.revision;
    if (this.session) headers["mcp-session-id"] = this.session;
    if (isModern(this.revision)) {
      headers["mcp-method"] = method;
      if (named[method]) headers["mcp-name"] = params[named[method]];
    }
    return fetch(this.url, { method: "POST", headers, body: JSON.stringify(message) });
  }

  #enveloped(params) {
    if (!isModern(this.revision)) return params;
    return {
      ...params,
      _meta: {
        [`${meta}/protocolVersion`]: this.revision,
        [`${meta}/clientInfo`]: { name: "bare", version: "1" },
        [`${meta}/clientCapabilities`]: {},
        ...params._meta,
      },
    };
  }
}

async function messagesOf(response) {
  const text = await response.text();
  if (!response.headers.get("content-type")?.includes("text/event-stream")) return text ? [JSON.parse(text)] : [];
  const lines = text.split("\n").filter((line) => line.startsWith("data: ") && line.length > 6);
  return lines.map((line) => JSON.parse(line.slice(6)));
}
