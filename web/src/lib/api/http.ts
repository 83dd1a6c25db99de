// Every request of the page: same origin, with the key that binds this session to this browser.
import { Patience } from "./patience";
import { ProblemError, toProblem, unreachable } from "./problem";

export const SESSION_KEY_HEADER = "X-AgentRQ-Session-Key";
const STORED_KEY = "agentrq.session-key";

let onSignedOut: () => void = () => {};
/** What to do when the server no longer knows this session. */
export function whenSignedOut(then: () => void): void {
  onSignedOut = then;
}

export function sessionKey(): string | null {
  try {
    return localStorage.getItem(STORED_KEY);
  } catch {
    return null; // storage is switched off: the session then lasts as long as the page
  }
}

export function keepSessionKey(key: string | null): void {
  try {
    if (key === null) localStorage.removeItem(STORED_KEY);
    else localStorage.setItem(STORED_KEY, key);
  } catch {
    // as above
  }
}

export interface Options {
  method?: string;
  json?: unknown;
  body?: BodyInit;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** The longest until the answer begins, and between two pieces of it, where that may be longer than usual. */
  headMs?: number;
  quietMs?: number;
  /** A 401 here is an answer, not the end of the session. */
  quiet?: boolean;
}

/** Sends a request and hands back the answer if it is a good one; anything else is thrown as a problem. */
export async function send(path: string, options: Options = {}): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json", ...options.headers };
  const key = sessionKey();
  if (key !== null) headers[SESSION_KEY_HEADER] = key;
  let body = options.body;
  if (options.json !== undefined) {
    headers["Content-Type"] = "application/json";
    body = JSON.stringify(options.json);
  }
  const { headMs, quietMs } = options;
  const patience = new Patience({ bytes: sizeOf(body), headMs, quietMs, signal: options.signal });
  const { signal } = patience;
  const init: RequestInit = {
    method: options.method ?? "GET",
    headers,
    credentials: "same-origin",
    cache: "no-store",
    signal,
  };
  if (body !== undefined) init.body = body;

  let response: Response;
  try {
    response = patience.hears(await fetch(path, init));
  } catch (error) {
    patience.end();
    if (options.signal?.aborted) throw error;
    throw new ProblemError(unreachable());
  }
  if (response.ok) return response;

  const answer: unknown = await response.json().catch(() => null);
  if (response.status === 401 && options.quiet !== true) onSignedOut();
  throw new ProblemError(toProblem(response.status, answer, response.headers.get("Retry-After")));
}

const sizeOf = (body: BodyInit | undefined): number =>
  typeof body === "string" ? body.length : body instanceof Blob ? body.size : 0;

// What a first visit will want to know is asked while the rules are still on their way. Who wants it takes the answer, once, and soon: a page that
// had all of it already, and asks much later, must not be told what was so then.
const EARLY_MS = 10_000;
const early = new Map<string, Promise<string | null>>();

export function askEarly(path: string): void {
  const answer = send(path, { quiet: true }).then((response) => response.text());
  const kept = answer.catch(() => null);
  early.set(path, kept);
  setTimeout(() => {
    if (early.get(path) === kept) early.delete(path);
  }, EARLY_MS);
}

/** Answers that nobody took say nothing to whoever comes next. */
export function forgetEarly(): void {
  early.clear();
}

/** The text of a good answer: what only passes through this page on its way to core is not read here. */
export async function text(path: string, options: Options = {}): Promise<string> {
  const asked = options.method === undefined ? early.get(path) : undefined;
  early.delete(path);
  return (await asked) ?? (await send(path, options)).text();
}

/** The JSON of a good answer. Its shape is the server's promise, so it is named, not checked, here. */
export async function json<T>(path: string, options: Options = {}): Promise<T> {
  return JSON.parse(await text(path, options)) as T;
}
