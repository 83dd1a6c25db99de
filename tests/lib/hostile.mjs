// Hostile requests: each is one that is right with something changed, and knows how the server must answer it.
import { readJson } from "./mutation.mjs";
import { METHODS, TOOLS, envelope, prescribed, readMessage } from "./prescribed.mjs";

const json = { "content-type": "application/json" };

/** Makes requests to one workspace. `here` holds its path, its people's cookie, its tokens and endpoints, and ids to name. */
export class Hostile {
  #made = 0;

  constructor(mutation, here) {
    this.mutation = mutation;
    this.here = here;
  }

  next() {
    const at = this.mutation.random();
    if (at < 0.2) return this.message();
    if (at < 0.4) return this.post();
    if (at < 0.7) return this.route();
    if (at < 0.78) return this.upload();
    if (at < 0.86) return this.list();
    if (at < 0.91) return this.download();
    if (at < 0.94) return this.stream();
    if (at < 0.97) return this.foreign();
    return this.path();
  }

  /** A message of MCP to the address of a stream: changed as JSON, as bytes, or not at all. */
  message() {
    const { mutation, here } = this;
    const body = this.#body(this.#said(METHODS.handshake));
    return {
      kind: "message",
      method: "POST",
      path: mutation.of(here.endpoints),
      headers: json,
      body,
      told: readMessage(body),
    };
  }

  /** A message over Streamable HTTP, with or without a session; body, headers, both or nothing of it changed. */
  post() {
    const { mutation, here } = this;
    const isStateless = mutation.chance(0.5);
    const said = this.#said(isStateless ? METHODS.stateless : METHODS.handshake);
    const channel = mutation.chance(0.1);
    const headers = { ...json, accept: "application/json, text/event-stream", authorization: `Bearer ${here.token}` };
    if (isStateless) {
      said.params = { ...said.params, _meta: envelope };
      const name = said.params.name ?? said.params.uri;
      Object.assign(headers, { "mcp-protocol-version": "2026-07-28", "mcp-method": said.method ?? "none" });
      if (name)
        headers["mcp-name"] = mutation.chance(0.2) ? `=?base64?${Buffer.from(name).toString("base64")}?=` : name;
    } else {
      if (mutation.chance(0.8))
        headers["mcp-protocol-version"] = mutation.of(["2025-03-26", "2025-06-18", "2025-11-25"]);
      if (mutation.chance(0.6)) headers["mcp-session-id"] = here.session;
    }
    const [name] = Object.keys(headers)
      .filter((header) => header.startsWith("mcp-"))
      .sort(() => mutation.random() - 0.5);
    if (name && mutation.chance(0.4)) headers[name] = mutation.changed(headers[name]);
    const body = mutation.chance(0.5) ? this.#body(said) : Buffer.from(JSON.stringify(said));
    const told = readMessage(body);
    return {
      kind: "post",
      method: "POST",
      path: channel ? here.mcp.replace("/mcp/", "/channel/") : here.mcp,
      headers,
      body,
      told,
      wanted: prescribed(told, headers, { channel }),
    };
  }

  /** A request, a notification or an answer. */
  #said(methods) {
    const { mutation } = this;
    const id = `h${(this.#made += 1)}`;
    const method = mutation.chance(0.7) ? "tools/call" : mutation.of([...methods, "no/such"]);
    const params = {
      "tools/call": () => ({ name: mutation.of(TOOLS), arguments: this.#arguments() }),
      "resources/read": () => ({ uri: mutation.of(["agentrq://workspace", "agentrq://tasks/1/thread"]) }),
      "resources/subscribe": () => ({ uri: "agentrq://inbox" }),
      "prompts/get": () => ({ name: "ask", arguments: { question: "Why?" } }),
      "logging/setLevel": () => ({ level: "info" }),
      "subscriptions/listen": () => ({ notifications: { resourceSubscriptions: ["agentrq://inbox"] } }),
    }[method]?.();
    const request = { jsonrpc: "2.0", id, method, params: params ?? {} };
    const note = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: id } };
    return mutation.of([request, request, request, request, note, { jsonrpc: "2.0", id, result: {} }]);
  }

  #arguments() {
    const { mutation, here } = this;
    const [task, file] = [mutation.of(here.tasks), mutation.of(here.files)];
    return mutation.of([
      { title: mutation.text(8), body: mutation.text(8), assignee: "human", attachments: [{ id: file }] },
      { title: "With a file", attachments: [{ filename: "a.txt", mimeType: "text/plain", data: "aGk=" }] },
      { task_id: task, status: mutation.of(["notstarted", "ongoing", "completed", "rejected"]), reason: "because" },
      { chat_id: task, text: mutation.text(8), needs_answer: true },
      { task_id: task, limit: 10, order: "desc", cursor: "0" },
      { attachment_id: file },
      { cursor: "0ZRgCquBZ7R", timeout_seconds: 0 },
    ]);
  }

  #body(value) {
    const { mutation } = this;
    const changed = mutation.chance(0.6) ? mutation.changedJson(value) : value;
    const bytes = Buffer.from(JSON.stringify(changed));
    return mutation.chance(0.3) ? mutation.changedBytes(bytes) : bytes;
  }

  /** A route that takes JSON. */
  route() {
    const { mutation, here } = this;
    const [task, file] = [mutation.of(here.tasks), mutation.of(here.files)];
    const command = mutation.of([
      { type: "createTask", id: this.#id(), title: "By command", body: "", assignee: "human", attachments: [] },
      { type: "postMessage", id: this.#id(), task, text: "By command", attachments: [] },
      { type: "setStatus", id: this.#id(), task, to: "ongoing" },
      { type: "editWorkspace", id: this.#id(), name: "Renamed" },
    ]);
    const made = this.#id();
    const madeAndDeleted = [
      {
        mutationId: 1,
        command: { type: "createTask", id: made, title: "x", body: "", assignee: "human", attachments: [] },
      },
      { mutationId: 2, command: { type: "deleteTask", id: this.#id(), task: made } },
    ];
    const [method, path, body] = mutation.of([
      ["POST", "/tasks", { title: mutation.text(8), body: mutation.text(8), assignee: "human", attachments: [file] }],
      ["POST", `/tasks/${task}/messages`, { text: mutation.text(8), attachments: [file], needsAnswer: true }],
      ["POST", `/tasks/${task}/messages`, { text: "", verdict: "approved", digest: "0".repeat(64) }],
      ["PATCH", `/tasks/${task}`, { title: mutation.text(8), status: "ongoing", assignee: "agent" }],
      ["PATCH", "", { name: "Changed", mission: mutation.text(8) }],
      ["POST", "/tokens", { label: mutation.text(4), expiresInDays: 30, scopes: ["agent"] }],
      [
        "POST",
        "/commands",
        {
          clientId: `c${(this.#made += 1)}`,
          commands: mutation.of([[{ mutationId: 1, command }], madeAndDeleted, [], [command]]),
        },
      ],
    ]);
    const bytes = this.#body(body);
    const byAgent = /^\/tasks/.test(path) && !/digest/.test(bytes) && mutation.chance(0.3);
    const key = mutation.chance(0.2) ? { "idempotency-key": mutation.changed("a-key-of-a-request") } : {};
    return {
      kind: "route",
      method,
      path: here.base + path,
      headers: { ...json, ...(byAgent ? { authorization: `Bearer ${here.token}` } : { cookie: here.cookie }), ...key },
      body: bytes,
      isJson: readJson(bytes).is,
    };
  }

  #id() {
    return `0zzz${String((this.#made += 1)).padStart(7, "0")}`;
  }

  /** A file, as a form or as it is. */
  upload() {
    const { mutation, here } = this;
    const content = Buffer.from(mutation.text(20));
    const disposition = mutation.changed('form-data; name="file"; filename="a b.png"');
    const form = Buffer.concat([
      Buffer.from(`--XX\r\nContent-Disposition: ${disposition}\r\nContent-Type: image/png\r\n\r\n`),
      content,
      Buffer.from("\r\n--XX--\r\n"),
    ]);
    const isForm = mutation.chance(0.7);
    const type = isForm ? "multipart/form-data; boundary=XX" : "text/plain";
    return {
      kind: "upload",
      method: "POST",
      path: `${here.base}/attachments?filename=${encodeURIComponent(wellFormed(mutation.changed("a b.txt")))}`,
      headers: {
        cookie: here.cookie,
        "content-type": mutation.chance(0.2) ? mutation.changed(type) : type,
        ...(mutation.chance(0.2) ? { "content-disposition": mutation.changed('attachment; filename="x"') } : {}),
        ...(mutation.chance(0.2) ? { "x-filename": mutation.changed("n%C3%A9w.txt") } : {}),
      },
      body: isForm ? mutation.changedBytes(form) : content,
    };
  }

  /** A page of a list, with parameters that are changed. */
  list() {
    const { mutation, here } = this;
    const task = mutation.of(here.tasks);
    const parameters = mutation.of([
      { status: "ongoing", assignee: "human", limit: "10", cursor: "10ZRgCquBZ7R", q: "a" },
      { limit: "100", cursor: "0", order: "desc" },
    ]);
    const [name, ...others] = Object.keys(parameters).sort(() => mutation.random() - 0.5);
    const query = new URLSearchParams({ [name]: wellFormed(mutation.changed(parameters[name])) });
    if (mutation.chance(0.3)) query.append(others[0], parameters[others[0]]);
    const place = mutation.of(["/tasks", `/tasks/${task}/messages`, "/tokens", "/snapshot", "/agents"]);
    return { kind: "list", method: "GET", path: `${here.base}${place}?${query}`, headers: { cookie: here.cookie } };
  }

  /** A part of a file. */
  download() {
    const { mutation, here } = this;
    const range = mutation.changed(mutation.of(["bytes=0-3", "bytes=2-", "bytes=-4", "bytes=0-0"]));
    const conditions = mutation.chance(0.3) ? { "if-none-match": mutation.changed('"x", *') } : {};
    return {
      kind: "download",
      method: "GET",
      path: `${here.base}/attachments/${mutation.of(here.files)}`,
      headers: { cookie: here.cookie, range, ...conditions },
    };
  }

  /** A stream that begins where no stream was, or under a name that may be none. */
  stream() {
    const { mutation, here } = this;
    const cursor = mutation.changed(here.cursor);
    const ofDashboard = {
      path: `${here.base}/events?cursor=${encodeURIComponent(wellFormed(cursor))}`,
      headers: { cookie: here.cookie },
    };
    const byHeader = { path: `${here.base}/events`, headers: { cookie: here.cookie, "last-event-id": cursor } };
    const agent = encodeURIComponent(wellFormed(mutation.changed("claude")));
    const ofAgent = {
      path: `${here.mcp}?agent=${agent}&token=${here.token}`,
      headers: { "last-event-id": mutation.changed("0ZRgCquBZ7R") },
    };
    const session = {
      authorization: `Bearer ${here.token}`,
      "mcp-session-id": mutation.changed("0ZRgCquBZ7R"),
      "mcp-protocol-version": mutation.changed("2025-11-25"),
      "last-event-id": mutation.changed("0ZRgCquBZ7R.1.0"),
    };
    const ofSession = { path: here.mcp, headers: session };
    const ended = { method: "DELETE", ...ofSession };
    return { kind: "stream", method: "GET", ...mutation.of([ofDashboard, byHeader, ofAgent, ofSession, ended]) };
  }

  /** Somebody whose credential is none, or is not quite one. */
  foreign() {
    const { mutation, here } = this;
    const cookie = mutation.changed(here.cookie);
    const token = mutation.changed(here.token);
    const shown = mutation.of([
      {},
      ...(cookie === here.cookie ? [] : [{ cookie }]),
      ...(token.trim() === here.token ? [] : [{ authorization: `Bearer ${token}` }, { authorization: token }]),
      { cookie: here.cookie, origin: mutation.changed("https://evil.example").trim() || "null" },
      { cookie: here.cookie, "sec-fetch-site": "cross-site" },
      { cookie: here.cookie, host: mutation.of(["evil.example", "evil.example:80", "localhost.evil.example", "evil"]) },
    ]);
    const [method, path] = mutation.of([
      ["POST", `${here.base}/tasks`],
      ["GET", `${here.base}/snapshot`],
      ["DELETE", `${here.base}/tasks/${mutation.of(here.tasks)}`],
      ["POST", `${here.base}/attachments`],
      ["DELETE", here.base],
      ["POST", here.mcp],
      ["GET", `${here.base}/events`],
    ]);
    const body = method === "POST" ? JSON.stringify({ title: "planted" }) : undefined;
    return { kind: "foreign", method, path, headers: { ...(body ? json : {}), ...shown }, body };
  }

  /** A path close to one that leads somewhere. */
  path() {
    const { mutation, here } = this;
    const task = mutation.of(here.tasks);
    const near = mutation.of([`${here.base}/tasks/${task}`, `${here.base}/attachments/${task}`, here.mcp, here.base]);
    const path = `/${encodeURI(wellFormed(mutation.changed(near))).replace(/^\/+/, "")}`;
    // Reading only: a path that is right by chance must not delete what others name.
    return {
      kind: "path",
      method: mutation.of(["GET", "HEAD", "PUT", "OPTIONS"]),
      path,
      headers: { cookie: here.cookie },
    };
  }
}

/** Half a surrogate pair cannot stand in a URL. */
const wellFormed = (text) => text.toWellFormed();
