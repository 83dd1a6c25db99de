// What happens in all of a person's workspaces, live: one event stream carries up to fifty of them, and each event goes to the one it names.
import type { ProblemError } from "../api/problem";
import { WATCHED } from "../model/limits";
import type { Id } from "../model/types";
import type { ServerEvent } from "./sse";
import { EventStream, type StreamState } from "./stream";

/** An event of one workspace: its name, and its data as it came and as it reads. */
export interface RoomEvent {
  name: string;
  text: string;
  data: { workspace: Id } & Record<string, unknown>;
  /** The stream goes on from where this page stood there; otherwise from what the server had when it began. */
  resumed: boolean;
}

export interface FeedHandlers {
  /** Where this page stands in a workspace; null: it has nothing of it yet. */
  cursor: (workspace: Id) => string | null;
  event: (workspace: Id, event: RoomEvent) => void;
  state: (state: StreamState) => void;
  /** These begin again where they were: half a commit comes anew as a whole. */
  cut: (workspaces: readonly Id[]) => void;
  /** No retry mends this: somebody is signed out, or one of the workspaces is gone. */
  refused: (error: ProblemError) => void;
}

export class Feed {
  #streams: EventStream[] = [];
  #states = new Map<EventStream, StreamState>();
  #watched: readonly Id[] = [];

  constructor(readonly on: FeedHandlers) {}

  /** Watches exactly these from now on. */
  watch(workspaces: readonly Id[]): void {
    const same = workspaces.length === this.#watched.length && workspaces.every((id, at) => id === this.#watched[at]);
    if (same) return;
    this.stop();
    this.#watched = workspaces;
    for (let at = 0; at < workspaces.length; at += WATCHED) this.#open(workspaces.slice(at, at + WATCHED));
  }

  /** Connects anew at once: somebody asked, or a workspace begins again. */
  restart(): void {
    for (const stream of this.#streams) stream.restart();
  }

  stop(): void {
    const streams = this.#streams;
    this.#streams = [];
    this.#states.clear();
    this.#watched = [];
    for (const stream of streams) stream.stop();
  }

  #open(ids: readonly Id[]): void {
    let placed: ReadonlyMap<Id, string> = new Map();
    const places = (): string | null => {
      placed = this.#places(ids);
      return placed.size === 0 ? null : [...placed].map(([id, cursor]) => `${id}=${cursor}`).join(",");
    };
    const stream: EventStream = new EventStream(() => `/api/events?workspaces=${ids.join(",")}`, places, {
      event: (event) => this.#event(event, placed),
      state: (state) => {
        if (state === "connecting") this.on.cut(ids);
        this.#state(stream, state);
      },
      refused: (error) => {
        this.stop();
        this.on.refused(error);
      },
    });
    this.#streams.push(stream);
    stream.start();
  }

  /** The place in all of them; the server writes it in the ids of such a stream. */
  #places(ids: readonly Id[]): ReadonlyMap<Id, string> {
    return new Map(
      ids.flatMap((id) => {
        const cursor = this.on.cursor(id);
        return cursor === null ? [] : [[id, cursor] as const];
      }),
    );
  }

  #event(event: ServerEvent, placed: ReadonlyMap<Id, string>): void {
    let data: unknown;
    try {
      data = JSON.parse(event.data);
    } catch {
      return; // not of this stream's making
    }
    if (typeof data !== "object" || data === null || !("workspace" in data) || typeof data.workspace !== "string")
      return;
    const room = data as RoomEvent["data"];
    this.on.event(room.workspace, {
      name: event.event,
      text: event.data,
      data: room,
      resumed: placed.has(room.workspace),
    });
  }

  /** All of them as one: open when each is, else as the worst. */
  #state(stream: EventStream, state: StreamState): void {
    if (!this.#streams.includes(stream)) return;
    this.#states.set(stream, state);
    const all = [...this.#states.values()];
    const worst = (["stopped", "waiting", "connecting"] as const).find((one) => all.includes(one));
    this.on.state(worst ?? "open");
  }
}
