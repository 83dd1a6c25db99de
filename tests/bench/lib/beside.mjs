// A full workspace beside an empty one on the same server: what people and agents do in both, taking turns.
import { missed } from "./report.mjs";
import { takeTurns, timed } from "./series.mjs";

const goals = { "p50/empty": 1.2 };
export const columns = { empty: "ms", full: "ms", "p50/empty": "times" };

/** Measures each of `what`, `{name: (room, mark) => milliseconds}`, in both rooms. */
export async function beside(empty, full, what, { samples, warmup }) {
  const rows = [];
  for (const [name, thing] of Object.entries(what)) {
    const series = await takeTurns(
      { empty: (mark) => thing(empty, mark), full: (mark) => thing(full, mark) },
      { samples, warmup },
    );
    const [least, mine] = [series.empty.p50, series.full.p50];
    rows.push({ what: name, empty: least, full: mine, "p50/empty": mine / least });
  }
  return { rows, misses: rows.flatMap((row) => missed(row, goals)) };
}

export const everything = {
  reply: (room, mark) => room.reply(mark),
  createTask: (room, mark) => room.createTask(mark),
  getTaskMessages: (room) => timed(() => room.agent.call("getTaskMessages", { taskId: room.task, limit: 10 })),
  "getTaskMessages, newest 50": (room) => timed(() => room.get(`/tasks/${room.task}/messages?order=desc&limit=50`)),
  "list of tasks, a page of 50": (room) => timed(() => room.get("/tasks?limit=50")),
  snapshot: (room) => timed(() => room.get("/snapshot")),
};
