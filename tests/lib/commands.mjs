// What a page sends: commands under ids of its own, numbered one after the other.
import assert from "node:assert/strict";

let made = 0;

/** Sends commands of a person as one batch; each must be taken. */
export async function commanded(room, ...commands) {
  made += 1;
  const clientId = `script-${made}`;
  // An id is 11 characters; these lie after all that are minted.
  const fresh = (index) => `0zzzzzz${(made * 100 + index).toString(36).padStart(4, "0")}`;
  const numbered = commands.map((command, index) => ({
    mutationId: index + 1,
    command: { id: fresh(index), ...command },
  }));
  const { results } = await room.make("/commands", { clientId, commands: numbered });
  for (const { rejection } of results) assert.equal(rejection, null, JSON.stringify(rejection));
}
