// What MCP prescribes for a message that is posted: how it is taken, or with which status and code it is refused.
import { readJson } from "./mutation.mjs";

const version = "io.modelcontextprotocol/protocolVersion";
const capabilities = "io.modelcontextprotocol/clientCapabilities";
const stateless = "2026-07-28";
const revisions = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", stateless];

const shared = [
  ...["tools/list", "tools/call", "resources/list", "resources/templates/list", "resources/read", "prompts/list"],
  ...["prompts/get", "completion/complete"],
];
/** Methods that a request may name, before and since there is no handshake. */
export const METHODS = {
  handshake: [...shared, "initialize", "ping", "resources/subscribe", "resources/unsubscribe", "logging/setLevel"],
  stateless: [...shared, "server/discover", "subscriptions/listen"],
};
export const TOOLS = [
  ...["createTask", "updateTaskStatus", "reply", "getWorkspace", "getTaskMessages", "downloadAttachment"],
  ...["getNextTask", "waitForMessages", "TaskGet", "TaskUpdate", "TaskList", "TaskNext", "TodoWrite"],
];

export const envelope = { [version]: stateless, [capabilities]: {} };

const isObject = (it) => it !== null && typeof it === "object" && !Array.isArray(it);

/** How JSON-RPC 2.0 wants a body taken: `{is: "request" | "taken" | "wrong" | "unsure", code, id, method, params}`. */
export function readMessage(bytes) {
  const { is, value, text } = readJson(bytes);
  if (is === "unsure") return { is: "unsure" };
  if (is === "none") return { is: "wrong", code: -32700, id: null };
  if (!isObject(value)) return { is: "wrong", code: -32600, id: null, batch: Array.isArray(value) ? value : undefined };
  const has = (name) => Object.hasOwn(value, name);
  const given = has("id") ? value.id : undefined;
  // A number that is written as a fraction is none of the whole ones, and after reading it cannot be told from them.
  if (typeof given === "number" && (!Number.isSafeInteger(given) || /"id"\s*:\s*-?[\d]*[.eE]/.test(text)))
    return Number.isInteger(given) ? { is: "unsure" } : { is: "wrong", code: -32600, id: null };
  // The server keeps the id while it works: at most 1,024 bytes of it.
  if (typeof given === "string" && Buffer.byteLength(given) > 1_024) return { is: "wrong", code: -32600, id: null };
  const id = typeof given === "string" || typeof given === "number" ? given : null;
  const wrong = { is: "wrong", code: -32600, id };
  if (value.jsonrpc !== "2.0") return wrong;
  if (!has("method")) return id !== null && (has("result") || has("error")) ? { is: "taken", id, params: {} } : wrong;
  const params = value.params ?? {};
  if (typeof value.method !== "string" || !isObject(params) || (has("id") && id === null)) return wrong;
  return { is: id === null ? "taken" : "request", id, method: value.method, params };
}

/** What a value of `Mcp-Name` says; undefined if it is malformed. */
function decoded(value) {
  const [, encoded] = /^=\?base64\?(.*)\?=$/s.exec(value) ?? [];
  if (encoded === undefined) return /^[\t -~]*$/.test(value) ? value : undefined;
  const bytes = Buffer.from(encoded, "base64");
  if (bytes.toString("base64") !== encoded) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const trimmed = (value) => value?.replace(/^[\t ]+|[\t ]+$/g, "");
const isSession = (value) => value === undefined || /^[!-~]{1,256}$/.test(value);

/** The same for several messages in one body, which only one revision knows: `batch` is what each of them is. */
function prescribedBatch(messages, headers) {
  const revision = trimmed(headers["mcp-protocol-version"]) ?? "2025-03-26";
  if (messages.length === 0 || messages.length > 100) return { status: 400, code: -32600 };
  if (!revisions.includes(revision)) return { status: 400, code: -32022 };
  if (revision !== "2025-03-26") return { status: 400, code: -32600 };
  if (!isSession(trimmed(headers["mcp-session-id"]))) return { status: 400 };
  const batch = messages.map((message) => readMessage(JSON.stringify(message)));
  // Once more as text, a fraction such as 1.0 has become a whole number.
  if (batch.some(({ is, id }) => is === "unsure" || typeof id === "number")) return undefined;
  const answered = batch.filter(({ is }) => is !== "taken");
  return answered.length ? { status: 200, batch: answered } : { status: 202 };
}

/** Whether an answer in a batch is one that is prescribed. */
export function answersInBatch(told, answer) {
  if (answer.jsonrpc !== "2.0" || answer.id !== told.id) return false;
  if (told.is === "wrong" || told.method === "initialize") return answer.error?.code === -32600;
  return answersRequest(told, answer);
}

/**
 * How a message that is posted over Streamable HTTP is to be answered, by its body and its headers: `{status, code?, asked?}`, where `asked` is the
 * request to which the answer belongs, with the methods of its revision. Nothing: readers may differ.
 */
export function prescribed(told, headers, { channel = false } = {}) {
  if (told.is === "unsure") return undefined;
  const refused = (code, status = 400) => ({ status, code });
  if (told.batch) return prescribedBatch(told.batch, headers);
  if (told.is === "wrong") return refused(told.code);
  const { params, method } = told;
  // Text between messages and headers: a value's outer blanks are no part of it.
  const header = (name) => trimmed(headers[name]);
  const [named, said] = [header("mcp-protocol-version"), params._meta?.[version]];
  let revision = named ?? "2025-03-26";
  if (isObject(params._meta) && Object.hasOwn(params._meta, version)) {
    if (typeof said !== "string") return refused(-32602);
    if (named !== undefined && named !== said) return refused(-32020);
    if (said !== stateless) return refused(-32022);
    revision = said;
  }
  if (!revisions.includes(revision)) return refused(-32022);
  if (revision !== stateless) {
    const session = header("mcp-session-id");
    if (method !== "initialize" && !isSession(session)) return { status: 400 };
    return told.is === "taken" ? { status: 202 } : { status: 200, asked: { ...told, methods: METHODS.handshake } };
  }
  if (channel) return refused(-32601);
  if (told.is === "taken") return { status: 202 };
  if (said === undefined || !isObject(params._meta[capabilities])) return refused(-32602);
  if (named !== said || header("mcp-method") !== method) return refused(-32020);
  const mirrored = { "tools/call": "name", "prompts/get": "name", "resources/read": "uri" }[method];
  const name = mirrored && params[mirrored];
  if (typeof name === "string" && (header("mcp-name") === undefined || decoded(header("mcp-name")) !== name))
    return refused(-32020);
  if (!METHODS.stateless.includes(method)) return refused(-32601, 404);
  return { status: 200, asked: { ...told, methods: METHODS.stateless } };
}

/** Whether an answer to a request is one that is prescribed. */
export function answersRequest({ method, params, methods = METHODS.handshake }, answer) {
  const code = answer.error?.code;
  if (!methods.includes(method)) return code === -32601;
  if (method !== "tools/call") return code === undefined ? isObject(answer.result) : [-32602, -32002].includes(code);
  const isCall = [undefined, null].includes(params.arguments) || isObject(params.arguments);
  if (!TOOLS.includes(params.name) || !isCall) return code === -32602;
  return code === undefined && typeof answer.result.isError === "boolean" && answer.result.content.length > 0;
}
