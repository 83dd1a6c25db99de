// @vitest-environment node
// The bytes that a person is shown are those that stand in the message: neither a copy of before nor the server can put others there.
import "fake-indexeddb/auto";
import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { cacheFilesIn, downloadAttachment } from "../src/lib/api/attachments";
import { Files } from "../src/lib/db/files";
import { MemoryDatabase } from "../src/lib/db/memory";
import type { Attachment } from "../src/lib/model/types";
import { sha256 } from "../src/lib/text/digest";
import { realCore } from "./lib/core";

const ID = "0000000000X";
const named = (text: string): Attachment => ({
  id: ID,
  filename: "plan.txt",
  mimeType: "text/plain",
  size: text.length,
  sha256: createHash("sha256").update(text).digest("hex"),
});

let served = "";
let asked = 0;
beforeEach(() => {
  asked = 0;
  cacheFilesIn(new Files(new MemoryDatabase()));
  vi.stubGlobal("fetch", async () => {
    asked++;
    return new Response(served);
  });
});
afterEach(() => {
  cacheFilesIn(null);
  vi.unstubAllGlobals();
});

const shown = async (attachment: Attachment): Promise<string> => (await downloadAttachment("w", attachment)).text();

describe("a file", () => {
  it("is fetched once, and is here from then on", async () => {
    served = "harmless";
    expect([await shown(named("harmless")), await shown(named("harmless")), asked]).toEqual([
      "harmless",
      "harmless",
      1,
    ]);
  });

  it("under an id that was another file's is shown as itself", async () => {
    served = "harmless";
    await shown(named("harmless"));
    served = "dreadful";
    expect(await shown(named("dreadful"))).toBe("dreadful");
  });

  it("that is not what was attached is neither shown nor kept", async () => {
    served = "dreadful";
    await expect(shown(named("harmless"))).rejects.toMatchObject({ problem: { code: "another_file" } });
    served = "harmless";
    expect(await shown(named("harmless"))).toBe("harmless");
  });

  it("has one digest, also where the browser hides its own", async () => {
    await realCore();
    const file = new Blob(["a file"]);
    const own = await sha256(file);
    vi.stubGlobal("crypto", { getRandomValues: crypto.getRandomValues.bind(crypto) });
    expect(await sha256(file)).toBe(own);
  });
});
