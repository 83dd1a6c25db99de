// What a commit tells people, one entry for each thing that somebody did. Pure: frames in, entries out.
import type { Change, Frame } from "../model/sync";
import type { Actor, Agent, Delivery, Id, Message, Task, Time } from "../model/types";
import { STATUS_WORDS } from "../text/format";

/** What an entry is of; people filter by it. */
export type Kind = "decision" | "message" | "task" | "agent";

export interface Entry {
  /** Names it among all of a workspace's. */
  key: string;
  at: Time;
  kind: Kind;
  actor: Actor;
  /** "approved", "asked", "started". The task's title follows, if it is about one. */
  verb: string;
  task: Id | null;
  /** What was said with it, on one line. */
  detail: string | null;
  /** What tells an agent of it: how far that has come is said beside it. */
  delivery: Id | null;
}

/** The place of a commit in the history of its workspace. */
export const seqOf = (cursor: string): number => Number(cursor.split("-")[1]);

const put = <T extends "task" | "message" | "agent">(frame: Frame, type: T) =>
  frame.changes.flatMap((change) =>
    change.op === "put" && change.entity.type === type
      ? [change.entity as Extract<Extract<Change, { op: "put" }>["entity"], { type: T }>]
      : [],
  );

export const deliveriesIn = (frames: readonly Frame[]): Delivery[] =>
  frames.flatMap((frame) =>
    frame.changes.flatMap((change) =>
      change.op === "put" && change.entity.type === "delivery" ? [change.entity] : [],
    ),
  );

export const tasksIn = (frames: readonly Frame[]): Task[] => frames.flatMap((frame) => put(frame, "task"));

const DETAIL_CHARS = 160;

/** The first words of a text on one line. */
function brief(text: string): string | null {
  const line = text.replace(/\s+/gu, " ").trim();
  if (line === "") return null;
  const characters = [...line.slice(0, DETAIL_CHARS * 4)];
  return characters.length > DETAIL_CHARS ? `${characters.slice(0, DETAIL_CHARS).join("").trimEnd()}…` : line;
}

interface Said {
  kind: Kind;
  verb: string;
  detail?: string | null;
}

function created(task: Task | undefined, frame: Frame): Said {
  if (task?.assignee === "human") return { kind: "task", verb: frame.actor?.kind === "agent" ? "asked" : "noted" };
  return { kind: "task", verb: frame.actor?.kind === "agent" ? "filed" : "gave agents" };
}

function said(message: Message, then: Task | undefined): Said {
  const detail = brief(message.text);
  if (message.verdict === "approved") {
    const how = message.edited ? "approved with changes" : "approved";
    return { kind: "decision", verb: then?.status === "completed" ? `${how} and completed` : how, detail };
  }
  if (message.verdict === "rejected") return { kind: "decision", verb: "rejected", detail };
  const chosen = message.choices?.map(({ label }) => label).join(", ") ?? "";
  if (chosen !== "")
    return { kind: "decision", verb: "answered", detail: brief(detail ? `${chosen}. ${detail}` : chosen) };
  const files = message.attachments.map(({ filename }) => filename).join(", ");
  return { kind: "message", verb: "replied on", detail: detail ?? brief(files) };
}

function moved(task: Task): Said {
  const verbs: Partial<Record<Task["status"], string>> = {
    ongoing: "started",
    completed: "completed",
    killed: "stopped",
  };
  const verb = verbs[task.status];
  if (verb !== undefined) return { kind: "task", verb, detail: brief(task.reason ?? "") };
  if (task.status === "notstarted") return { kind: "task", verb: "put back" };
  const words = STATUS_WORDS[task.status].toLowerCase();
  return {
    kind: "task",
    verb: task.status === "rejected" ? "turned down" : `marked as ${words}`,
    detail: brief(task.reason ?? ""),
  };
}

/** What happened to background work beside its beginning and end; null: nothing to tell of; undefined: something else happened. */
function jobNews(frame: Frame, task: Task | undefined): Said | null | undefined {
  const job = task?.work?.job;
  if (job === undefined) return undefined;
  const bySystem = frame.actor === null || frame.actor.kind === "system";
  const stop = deliveriesIn([frame]).find(({ kind }) => kind === "stop");
  // Whose wish it is, the entry says by itself.
  if (stop) return { kind: "task", verb: "asked to stop", detail: bySystem ? (stop.note ?? null) : null };
  if (!bySystem) return undefined;
  if (job.lostAt !== undefined) return { kind: "task", verb: "lost contact with the runner of" };
  return job.stop?.unconfirmed === true ? { kind: "task", verb: "got no answer to the stop of" } : null;
}

function edited(frame: Frame): Said {
  const notes = deliveriesIn([frame]).map(({ note }) => note);
  if (notes.includes("given to you")) return { kind: "task", verb: "gave agents" };
  if (notes.includes("given to a person")) return { kind: "task", verb: "took back" };
  return { kind: "task", verb: "edited" };
}

function agentNews(frame: Frame): Said | null {
  if (frame.type === "agent.connected") return { kind: "agent", verb: "connected" };
  if (frame.type === "agent.disconnected") return { kind: "agent", verb: "disconnected" };
  const [agent] = put(frame, "agent");
  // Everything else that changes on an agent is that it was heard.
  if (frame.actor?.kind !== "person" || !agent) return null;
  return { kind: "agent", verb: `named ${agent.name}`, detail: agent.displayName };
}

/** Who an entry is by. The workspace reports of agents that they come and go; that is the agent's doing. */
function doer(frame: Frame): Actor {
  const [agent] = put(frame, "agent");
  if ((frame.type === "agent.connected" || frame.type === "agent.disconnected") && agent)
    return { kind: "agent", name: agent.name };
  return frame.actor ?? { kind: "system" };
}

function tell(frame: Frame, commit: readonly Frame[]): Said | null {
  const [task] = put(frame, "task");
  const [message] = put(frame, "message");
  switch (frame.type) {
    case "task.created":
      return created(task, frame);
    case "task.updated": {
      const news = jobNews(frame, task);
      return news === undefined ? edited(frame) : news;
    }
    case "task.deleted":
      return { kind: "task", verb: "deleted" };
    case "reply.received":
      return message
        ? said(
            message,
            tasksIn(commit).findLast(({ id }) => id === message.task),
          )
        : null;
    case "status.updated":
      // A verdict that also closes the task has said so.
      if (commit.some((other) => put(other, "message").some(({ verdict }) => verdict !== null))) return null;
      return task ? moved(task) : null;
    case "workspace.updated":
      return { kind: "task", verb: "edited the workspace" };
    case "agent.connected":
    case "agent.disconnected":
    case "agent.updated":
      return agentNews(frame);
    default:
      return null;
  }
}

/** What carries the news of this frame to an agent, if an agent is told. */
function carrier(frame: Frame): Id | null {
  const deliveries = deliveriesIn([frame]);
  const [message] = put(frame, "message");
  if (message) return deliveries.find(({ id }) => id === message.id)?.id ?? null;
  // What an agent does may also prove that it has seen something: that is another's news.
  return frame.actor?.kind === "person" ? (deliveries[0]?.id ?? null) : null;
}

/** The entries of one commit, in the order in which it happened. */
export function entriesOf(seq: number, frames: readonly Frame[]): Entry[] {
  return frames.flatMap((frame, index) => {
    const what = tell(frame, frames);
    if (!what) return [];
    const { kind, verb, detail = null } = what;
    return [
      {
        key: `${seq}.${index}`,
        at: frame.at,
        kind,
        actor: doer(frame),
        verb,
        task: frame.taskId,
        detail,
        delivery: carrier(frame),
      },
    ];
  });
}

/** Is it of this agent: done by it, on its task, or told to it? */
export function concerns(entry: Entry, agent: string, task: Task | null, delivery: Delivery | null): boolean {
  const by = entry.actor.kind === "agent" && entry.actor.name === agent;
  return by || task?.agent === agent || delivery?.agent === agent;
}

const span = (from: Time, to: Time): string => {
  const ms = Math.max(0, Date.parse(to) - Date.parse(from));
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min`;
  return `${Math.floor(ms / 3_600_000)} h`;
};

/** How long the news took to its agent, by the times that the server noted: "delivered in 12 ms". */
export function wayOf(delivery: Delivery): string {
  const { queuedAt, sentAt, receivedAt, seenAt } = delivery;
  // Proof that the client has it. Seen without that: the model's own word came first.
  const there = receivedAt ?? seenAt;
  if (there !== null) return `delivered in ${span(queuedAt, there)}`;
  if (sentAt !== null && delivery.state !== "queued") return `sent in ${span(queuedAt, sentAt)}`;
  return "queued";
}

export const nameOf = (agents: readonly Agent[], name: string): string =>
  agents.find((agent) => agent.name === name)?.displayName || name;
