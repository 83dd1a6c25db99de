// Hostile requests: each is one that is right with something changed, and knows how the server must answer it.
import { readJson } from "./mutation.mjs";

/** Methods of MCP that a request may name. */
export const METHODS = ["initialize", "ping", "tools/list", "tools/call"];
export const TOOLS = [
  ...["createTask", "updateTaskStatus", "reply", "getWorkspace", "getTaskMessages", "downloadAttachment"],
  ...["getNextTask", "waitForMessages"],
];
const json = { "content-type": "application/json" };

/** How JSON-RPC 2.0 and MCP want a body taken: `{is: "request" | "taken" | "wrong" | "unsure", code, id, method, params}`. */
export function readMessage(bytes) {
  const { is, value, text } = readJson(bytes);
  if (is === "unsure") return { is: "unsure" };
  if (is === "none") return { is: "wrong", code: -32700, id: null };
  const isObject = (it) => it !== null && typeof it === "object" && !Array.isArray(it);
  if (!isObject(value)) return { is: "wrong", code: -32600, id: null };
  const has = (name) => Object.hasOwn(value, name);
  const given = has("id") ? value.id : undefined;
  // A number that is written as a fraction is none of the whole ones, and after reading it cannot be told from them.
  if (typeof given === "number" && (!Number.isSafeInteger(given) || /"id"\s*:\s*-?[\d]*[.eE]/.test(text)))
    return Number.isInteger(given) ? { is: "unsure" } : { is: "wrong", code: -32600, id: null };
  const id = typeof given === "string" || typeof given === "number" ? given : null;
  const wrong = { is: "wrong", code: -32600, id };
  if (value.jsonrpc !== "2.0") return wrong;
  if (!has("method")) return id !== null && (has("result") || has("error")) ? { is: "taken" } : wrong;
  const params = value.params ?? {};
  if (typeof value.method !== "string" || !isObject(params) || (has("id") && id === null)) return wrong;
  return id === null ? { is: "taken" } : { is: "request", id, method: value.method, params };
}

/** Whether an answer to a request of MCP is the one that is prescribed. */
export function answersRequest({ method, params }, answer) {
  const code = answer.error?.code;
  if (!METHODS.includes(method)) return code === -32601;
  if (method !== "tools/call") return code === undefined && typeof answer.result === "object";
  const isCall = [undefined, null].includes(params.arguments) || isPlain(params.arguments);
  if (!TOOLS.includes(params.name) || !isCall) return code === -32602;
  return code === undefined && typeof answer.result.isError === "boolean" && answer.result.content.length > 0;
}

const isPlain = (value) => typeof value === "object" && !Array.isArray(value);

/** Makes requests to one workspace. `here` holds its path, its people's cookie, its tokens and endpoints, and ids to name. */
export class Hostile {
  #made = 0;

  constructor(mutation, here) {
    this.mutation = mutation;
    this.here = here;
  }

  next() {
    const at = this.mutation.random();
    if (at < 0.4) return this.message();
    if (at < 0.7) return this.route();
    if (at < 0.78) return this.upload();
    if (at < 0.86) return this.list();
    if (at < 0.91) return this.download();
    if (at < 0.94) return this.stream();
    if (at < 0.97) return this.foreign();
    return this.path();
  }

  /** A message of MCP, changed as JSON, as bytes, or not at all. */
  message() {
    const { mutation } = this;
    const id = `h${(this.#made += 1)}`;
    const params = mutation.chance(0.8) ? { name: mutation.of(TOOLS), arguments: this.#arguments() } : {};
    const request = { jsonrpc: "2.0", id, method: mutation.chance(0.8) ? "tools/call" : mutation.of(METHODS), params };
    const note = { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: id } };
    const body = this.#body(
      mutation.of([request, request, request, request, note, { jsonrpc: "2.0", id, result: {} }]),
    );
    return {
      kind: "message",
      method: "POST",
      path: mutation.of(this.here.endpoints),
      headers: json,
      body,
      told: readMessage(body),
    };
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
    return { kind: "stream", method: "GET", ...mutation.of([ofDashboard, byHeader, ofAgent]) };
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
      { cookie: here.cookie, origin: mutation.changed("https://evil.example") },
      { cookie: here.cookie, "sec-fetch-site": "cross-site" },
      { cookie: here.cookie, host: mutation.changed("evil.example") },
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
