// A list that is taken away and brought in again: what the server is told that a file is, and what came of it in words.
import { beforeEach, expect, it, vi } from "vitest";
import { importFile, type Imported } from "../src/lib/api/interchange";
import { imported } from "../src/lib/text/interchange";

const answer: Imported = { imported: 0, already: 0, files: 0, renumbered: [], passedOver: [] };
const asked: { path: string; type: string }[] = [];

beforeEach(() => {
  asked.length = 0;
  vi.stubGlobal("fetch", (path: string, init: RequestInit) => {
    asked.push({ path, type: (init.headers as Record<string, string>)["Content-Type"] ?? "" });
    return Promise.resolve(new Response(JSON.stringify(answer)));
  });
});

it("says what a file is by its name, else by its first byte", async () => {
  const bring = (name: string, text: string): Promise<unknown> => importFile("w", new File([text], name), {});
  await bring("all.jsonl", "");
  await bring("all.tar", "my-project/1.json");
  await bring("download", '{"type":"agentrq"}');
  await bring("download (1)", "my-project/1.json");
  const [lines, tar] = ["application/x-ndjson", "application/x-tar"];
  expect(asked.map(({ type }) => type)).toEqual([lines, tar, lines, tar]);
});

it("names the list and what becomes of numbers only where somebody says so", async () => {
  const file = new File(["{}"], "a.jsonl");
  await importFile("w", file, {});
  await importFile("w", file, { list: "my project", numbers: "new" });
  expect(asked.map(({ path }) => path)).toEqual([
    "/api/workspaces/w/import?numbers=keep",
    "/api/workspaces/w/import?numbers=new&list=my+project",
  ]);
});

it("tells what came of it", () => {
  expect(imported({ ...answer, imported: 1 })).toBe("1 task imported.");
  expect(imported({ ...answer, already: 3 })).toBe("Nothing new · 3 tasks here already.");
  const renumbered = [{ task: "t", list: "main", from: 1, to: 4 }];
  const all = { imported: 2, already: 1, files: 1, renumbered, passedOver: ["team/.lock"] };
  expect(imported(all)).toBe(
    "2 tasks imported · 1 file · 1 task here already · 1 new number · passed over: team/.lock.",
  );
});
