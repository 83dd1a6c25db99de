// The table of keys: what is pressed is what it says.
import { describe, expect, it } from "vitest";
import { KeyReader, KEYS } from "../src/lib/state/shortcuts";
import { keyWords, SHORTCUTS } from "../src/lib/text/keys";

const press = (key: string, mod: "ctrlKey" | "metaKey" | "altKey" | null = null) => ({
  key,
  ctrlKey: mod === "ctrlKey",
  metaKey: mod === "metaKey",
  altKey: mod === "altKey",
});
const all = SHORTCUTS.flatMap(({ shortcuts }) => shortcuts);

describe("shortcuts", () => {
  it("have one meaning a key, and words for it", () => {
    const keys = all.flatMap((one) => one.keys);
    expect(new Set(keys).size).toBe(keys.length);
    expect(all.map(({ name }) => name).toSorted()).toEqual(Object.keys(KEYS).toSorted());
    expect(all.every(({ what, keys: some }) => what !== "" && some.length > 0)).toBe(true);
  });

  it.each(all.flatMap(({ name, keys }) => keys.map((one) => [one, name] as const)))("%s is %s", (keys, name) => {
    const reader = new KeyReader();
    const read = keys
      .split(" ")
      .map((key) => reader.read(key.startsWith("Mod+") ? press(key.slice(4), "ctrlKey") : press(key), 0));
    // Enter belongs to what has the focus.
    expect(read.at(-1)).toBe(keys.endsWith("Enter") ? null : name);
  });

  it("of two keys want both, soon after each other", () => {
    const reader = new KeyReader();
    expect([reader.read(press("g"), 0), reader.read(press("n"), 1400)]).toEqual(["more", "needsYou"]);
    expect([reader.read(press("g"), 5000), reader.read(press("n"), 7000)]).toEqual(["more", null]);
    expect([reader.read(press("g"), 8000), reader.read(press("j"), 8100)]).toEqual(["more", "next"]);
    expect(reader.read(press("n"), 8200)).toBeNull();
  });

  it("are not letters held with another key", () => {
    const reader = new KeyReader();
    expect([reader.read(press("j", "ctrlKey"), 0), reader.read(press("j", "altKey"), 0)]).toEqual([null, null]);
    expect([reader.read(press("K", "metaKey"), 0), reader.read(press("z", "metaKey"), 0)]).toEqual(["palette", "undo"]);
  });

  it("are written as the keyboard has them", () => {
    expect([
      keyWords("Mod+k", false),
      keyWords("Mod+k", true),
      keyWords("g n", true),
      keyWords("Escape", false),
    ]).toEqual([["Ctrl", "k"], ["⌘", "k"], ["g", "n"], ["Esc"]]);
  });
});
