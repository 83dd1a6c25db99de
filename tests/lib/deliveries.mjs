// What the dashboard's stream says of deliveries.

/** Everything that a stream has said of one delivery, in order: each entry as it was put. */
export function told(stream, id) {
  return stream.events
    .flatMap((event) => event.json?.changes ?? [])
    .filter(({ op, entity }) => op === "put" && entity.type === "delivery" && entity.id === id)
    .map(({ entity }) => entity);
}

/** The states that a delivery has gone through, without repeats. */
export const states = (stream, id) =>
  told(stream, id)
    .map(({ state }) => state)
    .filter((state, i, all) => state !== all[i - 1]);

/** Waits until a delivery is told to be in a state; resolves with it. */
export async function reaches(stream, id, state, ms = 20_000) {
  const at = () => told(stream, id).at(-1);
  await stream
    .until(() => at()?.state === state, ms, `delivery ${id} as ${state}`)
    .catch((error) => {
      throw new Error(`delivery ${id} went ${states(stream, id).join(", ") || "nowhere"}, not to ${state}`, {
        cause: error,
      });
    });
  return at();
}
