// An offered load: replies are sent at their times, whether or not the ones before have arrived, as people do.
import { setTimeout as sleep } from "node:timers/promises";
import { Series, mark } from "./series.mjs";

/** A stop between two looks at the clock: shorter than what is measured. */
const tickMs = 2;

/**
 * Offers `rate` replies a second for `seconds`, spread over the rooms in turn.
 * Resolves with how many a second arrived, how long each took from the moment it was due, and how many were refused.
 */
export async function offer(rooms, { rate, seconds }) {
  const total = Math.round(rate * seconds);
  const latency = new Series();
  const start = performance.now();
  const under = [];
  let refused = 0;
  let last = start;
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - start) / 1000) * rate) + 1);
    for (; sent < due; sent += 1) under.push(one(rooms[sent % rooms.length], start + (sent / rate) * 1000));
    await sleep(tickMs);
  }
  await Promise.all(under);
  return { achieved: latency.size / ((last - start) / 1000), latency, refused };

  async function one(room, due) {
    const name = mark();
    const { heard } = await room.agent.expect(name);
    const arrived = heard.then(
      (at) => {
        latency.add(at - due);
        last = Math.max(last, at);
      },
      () => (refused += 1),
    );
    await room.say(`A reply of a usual length, some two lines of text. ${name}`).catch(() => {});
    await arrived;
  }
}
