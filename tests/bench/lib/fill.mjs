// Fills a workspace as a browser does: numbered commands in batches, from several replicas at once.
import { randomUUID } from "node:crypto";

const batch = 100;
const replicas = 4;
const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const epochMs = 1_577_836_800_000;
let made = 0;

/** A fresh id: milliseconds since 2020, then 22 bits that count. */
export function freshId() {
  made += 1;
  let rest = (BigInt(Date.now() - epochMs) << 22n) | BigInt(made & 0x3fffff);
  let text = "";
  for (let place = 0; place < 11; place += 1) {
    text = alphabet[Number(rest % 62n)] + text;
    rest /= 62n;
  }
  return text;
}

/** Runs `total` commands, each made by `command(index)`. */
export async function fill(room, total, command) {
  let next = 0;
  const replica = async () => {
    const clientId = randomUUID();
    for (let mutationId = 1; next < total;) {
      const indexes = Array.from({ length: Math.min(batch, total - next) }, () => next++);
      const commands = indexes.map((index) => ({ mutationId: mutationId++, command: command(index) }));
      const { results } = await room.post("/commands", { clientId, commands });
      const refused = results.find(({ rejection }) => rejection);
      if (refused) throw new Error(`a command was refused: ${JSON.stringify(refused)}`);
    }
  };
  await Promise.all(Array.from({ length: replicas }, replica));
}

export const newTask = (index, id = freshId()) => ({
  type: "createTask",
  id,
  title: `Task ${index}: what there is to do`,
  body: "A task of a usual length, some two lines of text.",
  assignee: "human",
});

export const newMessage = (index, task) => ({
  type: "postMessage",
  id: freshId(),
  task,
  text: `Message ${index} of a usual length, some two lines of text.`,
});
