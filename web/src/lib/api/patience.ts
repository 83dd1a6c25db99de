// Gives a request up when nothing is heard of it for long: a network that went without a word would keep it waiting for good.
import { ProblemError, unreachable } from "./problem";

/** The longest between two signs of life: what was sent, the head of the answer, a piece of its body. */
const QUIET_MS = 20_000;
/** What is sent takes its time: a network that is slower than this, in bytes a millisecond, is none. */
const SLOWEST = 8;
const NO_CONTENT = 204;

export interface Awaited {
  /** How much goes out. */
  bytes: number;
  /** The longest until the answer begins, once all is sent, if it is not the usual. */
  headMs?: number | undefined;
  /** The longest between two pieces of the answer, likewise. */
  quietMs?: number | undefined;
  /** Whoever asked may give up before. */
  signal?: AbortSignal | undefined;
}

export class Patience {
  readonly #abort = new AbortController();
  readonly #quietMs: number;
  readonly #asked: AbortSignal | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Ends what is read of the answer. A browser would say only that it was ended, not why. */
  #breakOff = (_: unknown): void => {};

  constructor({ bytes, headMs = QUIET_MS, quietMs = QUIET_MS, signal }: Awaited) {
    this.#quietMs = quietMs;
    this.#asked = signal;
    signal?.addEventListener("abort", this.#given);
    if (signal?.aborted) this.#given();
    else this.#wait(headMs + bytes / SLOWEST);
  }

  /** Ends the request, once it is over here. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The answer, each piece of which is a sign of life. */
  hears(response: Response): Response {
    const { body, status, headers } = response;
    // Chromium gives an empty stream to what has no body, and takes none back.
    if (!body || status === NO_CONTENT) {
      this.end();
      return response;
    }
    this.#wait(this.#quietMs);
    const heard = new TransformStream<Uint8Array, Uint8Array>({
      start: (out) => {
        this.#breakOff = (why) => out.error(why);
      },
      transform: (piece, out) => {
        this.#wait(this.#quietMs);
        out.enqueue(piece);
      },
      flush: () => this.end(),
    });
    return new Response(body.pipeThrough(heard), { status, headers });
  }

  /** Nothing more is waited for. */
  end(): void {
    clearTimeout(this.#timer);
    this.#asked?.removeEventListener("abort", this.#given);
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer);
    if (!this.#abort.signal.aborted) this.#timer = setTimeout(() => this.#over(new ProblemError(unreachable())), ms);
  }

  #given = (): void => this.#over(this.#asked?.reason);

  #over(why: unknown): void {
    this.end();
    this.#breakOff(why);
    this.#abort.abort(why);
  }
}
