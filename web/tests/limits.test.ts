// What the page knows of limits is what core enforces, to the name and the number; and it counts as core does.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import * as limits from "../src/lib/model/limits";
import { atMost, characters } from "../src/lib/ui/characters";

it("each limit of the page is core's", () => {
  const text = readFileSync("../core/src/limits.rs", "utf8");
  const product = (factors: string): number =>
    factors.split("*").reduce((sum, factor) => sum * Number(factor.replaceAll("_", "")), 1);
  const core = new Map(
    [...text.matchAll(/^pub const (\w+): \w+ = ([\d_ *]+);$/gm)].map(([, name, factors]) => [
      name,
      product(factors ?? ""),
    ]),
  );
  expect(Object.entries(limits).length).toBeGreaterThan(0);
  for (const [name, limit] of Object.entries(limits)) expect([name, limit]).toEqual([name, core.get(name)]);
});

it("a field holds as many characters as core counts, however wide they are", () => {
  const field = document.createElement("input");
  const end = atMost(3)(field);
  const says = (text: string): string => {
    field.value = text;
    field.dispatchEvent(new Event("input"));
    return field.validationMessage;
  };
  expect(characters("é🐝x")).toBe(3);
  expect(says("🐝🐝🐝")).toBe("");
  expect(says("🐝🐝🐝🐝🐝")).toBe("2 characters too many: 3 are allowed.");
  expect(says("abc")).toBe("");
  end();
});
