// A data folder that is gone afterwards.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export function dataFolder() {
  const dataDir = mkdtempSync(join(tmpdir(), "agentrq-bench-"));
  return { dataDir, forget: () => rmSync(dataDir, { recursive: true, force: true }) };
}
