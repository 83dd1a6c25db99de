// Keeps one event stream open: opens it, resumes where it broke, waits with jitter between tries, and wakes when the network or the page does.
import { ProblemError } from "../api/problem";
import { send } from "../api/http";
import { Backoff } from "./backoff";
import { isKeptOut } from "./replica";
import { readEvents, type ServerEvent } from "./sse";

export type StreamState = "connecting" | "open" | "waiting" | "stopped";

export interface StreamHandlers {
  event: (event: ServerEvent) => void;
  state: (state: StreamState) => void;
  /** The server answered, and said no: a 401, 403 or 404 that no retry mends. */
  refused: (error: ProblemError) => void;
}

/** The server writes a keepalive every 25 s: silence for two of them and a bit means that the network is gone. */
const SILENCE_MS = 60_000;

export class EventStream {
  #backoff = new Backoff();
  #abort: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = true;
  #lastAlive = 0;

  constructor(
    /** What is asked for, anew for every try. */
    readonly path: () => string,
    /** The cursor to resume from, likewise. */
    readonly cursor: () => string | null,
    readonly on: StreamHandlers,
  ) {}

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    addEventListener("online", this.#wake);
    document.addEventListener("visibilitychange", this.#visible);
    void this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    removeEventListener("online", this.#wake);
    document.removeEventListener("visibilitychange", this.#visible);
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.on.state("stopped");
  }

  /** Drops what is open and connects at once: after a reset, or when somebody asks. */
  restart(): void {
    if (this.#stopped) return;
    this.#backoff.reset();
    this.#wake();
  }

  #wake = (): void => {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#abort?.abort();
    void this.#connect();
  };

  #visible = (): void => {
    // A page that slept may hold a dead stream; one that is merely looked at again need not reconnect.
    if (document.visibilityState === "visible" && Date.now() - this.#lastAlive > 30_000) this.#wake();
  };

  async #connect(): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    const mine = (): boolean => this.#abort === abort && !this.#stopped;
    this.on.state("connecting");
    try {
      const lastId = this.cursor();
      const headers: Record<string, string> = { Accept: "text/event-stream" };
      if (lastId !== null) headers["Last-Event-ID"] = lastId;
      const response = await send(this.path(), { headers, signal: abort.signal, quietMs: SILENCE_MS });
      if (!mine()) return;
      if (!response.body) throw new Error("the stream has no body");
      this.#lastAlive = Date.now();
      this.on.state("open");
      await readEvents(response.body, {
        alive: () => {
          this.#backoff.reset();
          this.#lastAlive = Date.now();
        },
        event: (event) => {
          if (mine()) this.on.event(event);
        },
      });
    } catch (error) {
      if (error instanceof ProblemError && (await isKeptOut(error.problem)) && mine()) {
        this.stop();
        this.on.refused(error);
        return;
      }
    }
    if (!mine()) return;
    this.on.state("waiting");
    this.#timer = setTimeout(() => void this.#connect(), this.#backoff.next());
  }
}
