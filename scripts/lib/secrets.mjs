// The server's keys: one that lasts as long as the data folder, one that is new at each start.
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Advice } from "./run.mjs";

/** The secret that ids and tokens carry a MAC of: made once, and only its owner may read it. */
export function serverSecret(dataDir) {
  const file = join(dataDir, "server.secret");
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  try {
    // `wx`: of two first starts at the same moment one makes it, the other reads it.
    writeFileSync(file, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600, flag: "wx", flush: true });
  } catch (error) {
    if (error.code !== "EEXIST") throw new Advice(`The data folder ${dataDir} cannot be written: ${error.message}`);
    chmodSync(file, 0o600);
  }
  const secret = readFileSync(file, "utf8").trim();
  if (!/^[0-9a-f]{64}$/.test(secret))
    throw new Advice(
      `${file} does not hold a secret any more. Put it back from a backup: all ids and tokens depend on it.`,
    );
  return secret;
}

export const startKey = () => randomBytes(32).toString("base64url");
