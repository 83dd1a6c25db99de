// A small MCP client over Streamable HTTP (2025-11-25), for an agent that runs in this page: a handshake, calls of tools, and answers that come
// on a stream. It speaks as any agent does: with a token, and without the person's cookie.
import { ProblemError, toProblem, unreachable } from "../api/problem";
import { readEvents } from "../sync/sse";

const REVISION = "2025-11-25";

type Id = number | string;
interface Message {
  jsonrpc: "2.0";
  id?: Id;
  method?: string;
  params?: unknown;
  result?: unknown;
  error?: { code: number; message: string };
}

export interface Tool {
  name: string;
  inputSchema: { properties?: Record<string, unknown> };
}

interface ToolResult<T> {
  content: { type: string; text?: string }[];
  structuredContent?: T;
  isError?: boolean;
}

/** The server understood, and said no. */
export class ToolError extends Error {}

export class McpClient {
  #session: string | null = null;
  #next = 1;

  constructor(
    readonly url: string,
    readonly token: string,
    readonly info: { name: string; title: string; version: string },
    readonly signal: AbortSignal,
  ) {}

  async connect(): Promise<void> {
    await this.#request("initialize", { protocolVersion: REVISION, capabilities: {}, clientInfo: this.info });
    await this.#post({ jsonrpc: "2.0", method: "notifications/initialized" });
  }

  async tools(): Promise<Tool[]> {
    return (await this.#request<{ tools: Tool[] }>("tools/list", {})).tools;
  }

  /** Calls a tool and gives its structured answer. */
  async call<T>(name: string, args: object = {}): Promise<T> {
    const result = await this.#request<ToolResult<T>>("tools/call", { name, arguments: args });
    if (result.isError || result.structuredContent === undefined)
      throw new ToolError(result.content.map(({ text }) => text ?? "").join("\n"));
    return result.structuredContent;
  }

  /** Ends the session, if there is one. What the server says to that changes nothing. */
  async close(): Promise<void> {
    if (this.#session === null) return;
    const headers = this.#headers();
    this.#session = null;
    await fetch(this.url, { method: "DELETE", headers, credentials: "omit", keepalive: true }).catch(() => {});
  }

  async #request<T>(method: string, params: object): Promise<T> {
    const id = this.#next++;
    const response = await this.#post({ jsonrpc: "2.0", id, method, params });
    this.#session = response.headers.get("Mcp-Session-Id") ?? this.#session;
    const answer = await this.#answer(response, id);
    if (answer.error) throw new ToolError(answer.error.message);
    return answer.result as T;
  }

  /** The answer to this request: the response itself, or one of the messages on the stream that it opens. */
  async #answer(response: Response, id: Id): Promise<Message> {
    if (!response.headers.get("Content-Type")?.startsWith("text/event-stream"))
      return (await response.json()) as Message;
    let answer: Message | null = null;
    if (response.body)
      await readEvents(response.body, {
        alive: () => {},
        event: ({ data }) => {
          if (data === "") return;
          const message = JSON.parse(data) as Message;
          if (message.method === undefined && message.id === id) answer = message;
          else if (message.method !== undefined && message.id !== undefined) this.#serve(message.id, message.method);
        },
      });
    if (answer === null) throw new ProblemError(unreachable());
    return answer;
  }

  /** What the server asks of a client: whether it is there. */
  #serve(id: Id, method: string): void {
    const known = method === "ping";
    const answer: Message = known
      ? { jsonrpc: "2.0", id, result: {} }
      : { jsonrpc: "2.0", id, error: { code: -32601, message: `this client has no ${method}` } };
    this.#post(answer).catch(() => {});
  }

  async #post(message: Message): Promise<Response> {
    let response: Response;
    try {
      const body = JSON.stringify(message);
      response = await fetch(this.url, {
        method: "POST",
        headers: this.#headers(),
        credentials: "omit",
        cache: "no-store",
        signal: this.signal,
        body,
      });
    } catch (error) {
      if (this.signal.aborted) throw error;
      throw new ProblemError(unreachable());
    }
    if (response.ok) return response;
    throw new ProblemError(toProblem(response.status, await response.json().catch(() => null)));
  }

  #headers(): Record<string, string> {
    return {
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      Authorization: `Bearer ${this.token}`,
      ...(this.#session === null ? {} : { "Mcp-Session-Id": this.#session, "MCP-Protocol-Version": REVISION }),
    };
  }
}
