// Whose turn it is, and how far a message has come: the state of the wire, and the words that always stand beside it.
import type { Agent, Delivery, Task } from "../model/types";
import { agentLabel, clock, duration, since } from "./format";

export type WireState =
  | "person"
  | "agent"
  | "working"
  | "queued"
  | "sent"
  | "received"
  | "seen"
  | "sending"
  | "disconnected"
  | "done"
  | "approved"
  | "refused";

export interface Turn {
  wire: WireState;
  words: string;
}

/** Whose turn it is with a task, in words. */
export function turnOf(task: Task, agents: readonly Agent[], now: number): Turn {
  const waited = duration(since(task.waitingSince, now));
  const who = agentLabel(task.agent, agents);
  const presence = agents.find((agent) => agent.name === task.agent)?.presence;
  if (task.status === "completed") {
    return task.verdict?.kind === "approved"
      ? { wire: "approved", words: "Approved, completed" }
      : { wire: "done", words: "Completed" };
  }
  if (task.status === "rejected") return { wire: "refused", words: "Rejected" };
  if (task.status === "failed") return { wire: "refused", words: "Failed" };
  if (task.status === "killed") return { wire: "refused", words: "Stopped" };
  if (task.turn === "human") return { wire: "person", words: `Waiting for you, ${waited}` };
  if (task.agent !== null && presence === "disconnected") {
    return { wire: "disconnected", words: `${who} is disconnected, ${waited}` };
  }
  if (task.status === "ongoing") {
    return task.agent === null
      ? { wire: "working", words: `An agent is on it, ${waited}` }
      : { wire: "working", words: `${who} is on it, ${waited}` };
  }
  if (!agents.some((agent) => agent.presence === "connected"))
    return { wire: "queued", words: `Queued, no agent is connected, ${waited}` };
  return {
    wire: "agent",
    words: task.agent === null ? `Waiting for an agent, ${waited}` : `Waiting for ${who}, ${waited}`,
  };
}

const ROUTES: Record<NonNullable<Delivery["route"]>, string> = {
  channel: "pushed to its channel",
  hook: "handed to its hook",
  wait: "given while it waited",
  result: "given with a tool result",
};

/** How far the command behind a message has come, as long as the server has not confirmed it; offline: it waits for the network. */
export type Fate = "offline" | "pending" | "sent" | "refused";

/** How far one message of a person has come on its way to the agent. */
export function deliveryOf(
  delivery: Delivery | undefined,
  pending: boolean,
  agents: readonly Agent[],
  fate: Fate | null = null,
): Turn {
  if (fate === "refused") return { wire: "refused", words: "Not taken: the reason stands at your reply" };
  if (pending) return { wire: "sending", words: fate === "offline" ? "Waits for the network" : "Sending" };
  if (!delivery) return { wire: "done", words: "Saved" };
  const who = delivery.agent === null ? "an agent" : agentLabel(delivery.agent, agents);
  const route = delivery.route === null ? "" : `, ${ROUTES[delivery.route]}`;
  const again = delivery.redelivered || delivery.copies > 1 ? ", sent again" : "";
  switch (delivery.state) {
    case "queued":
      return { wire: "queued", words: `Queued${waits(delivery, agents)}${again}` };
    case "sent":
      return { wire: "sent", words: `Sent to ${who}${at(delivery.sentAt)}${route}${again}` };
    case "received":
      return { wire: "received", words: `Reached ${who}${at(delivery.receivedAt)}${route}${again}` };
    case "seen":
      return { wire: "seen", words: `Seen by ${who}${at(delivery.seenAt)}${route}${again}` };
  }
}

/** Why it waits: nobody is there, or not the one that it is for. */
function waits(delivery: Delivery, agents: readonly Agent[]): string {
  const there = agents.filter(({ presence }) => presence === "connected");
  if (there.length === 0) return ": no agent is connected";
  if (delivery.agent === null) return " until an agent asks for it";
  const who = agentLabel(delivery.agent, agents);
  return there.some(({ name }) => name === delivery.agent) ? ` until ${who} calls again` : ` until ${who} connects`;
}

/** The same in a receipt's few words: "sent · seen 14:33:43". */
export function receiptOf(delivery: Delivery | undefined): string {
  if (!delivery) return "saved";
  const parts: string[] = [];
  if (delivery.state === "queued") parts.push("queued");
  else parts.push(`sent${at(delivery.sentAt)}`);
  if (delivery.state === "received") parts.push(`reached${at(delivery.receivedAt)}`);
  if (delivery.state === "seen") parts.push(`seen${at(delivery.seenAt)}`);
  return parts.join(" · ");
}

const at = (time: string | null): string => (time === null ? "" : ` ${clock(time)}`);

/** Presence in words. */
export function presenceOf(agent: Agent, now: number): string {
  switch (agent.presence) {
    case "connected":
      return `Connected for ${duration(since(agent.since, now))}`;
    case "disconnected":
      return `Disconnected since ${clock(agent.since).slice(0, 5)}`;
    case "unknown":
      return "Not heard yet";
  }
}
