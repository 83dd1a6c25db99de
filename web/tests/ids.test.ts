// The ids that a page gives.
import { expect, it } from "vitest";
import { realCore } from "./lib/core";

const core = await realCore();

it("are all different, however many are made in a millisecond", () => {
  const ids = Array.from({ length: 100_000 }, () => core.newId());
  expect(new Set(ids).size).toBe(ids.length);
});
