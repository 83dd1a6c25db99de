// The official conformance suite, run against a server, and its results held against a baseline of what is known to fail.
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { startTokenProxy } from "./http-proxy.mjs";

const suite = join(
  dirname(createRequire(import.meta.url).resolve("@modelcontextprotocol/conformance/package.json")),
  "dist/index.js",
);

export const baselineFile = (name) => fileURLToPath(new URL(`../conformance/${name}.yml`, import.meta.url));

/** A baseline's entries: `{entry, reason}`, the entry a scenario or `scenario:check`, the reason the comment behind it. */
export function readBaseline(name) {
  const lines = readFileSync(baselineFile(name), "utf8").split("\n");
  return lines.flatMap((line) => {
    const [, entry, reason] = /^\s+- (\S+)(?:\s+#\s*(.*))?$/.exec(line) ?? [];
    return entry ? [{ entry, reason }] : [];
  });
}

/**
 * Runs what a revision requires against an address of a workspace. Resolves with what the suite printed and its verdict on what it scores
 * (`code`), and with the checks of every scenario by its name.
 *
 * Some scenarios drop the query from the address, and with it the token (as of 0.2.0-alpha.12): a proxy shows it for them.
 */
export async function runSuite(mcpUrl, revision, baseline) {
  const address = new URL(mcpUrl);
  const proxy = await startTokenProxy(address.port, address.searchParams.get("token"));
  const out = mkdtempSync(join(tmpdir(), "agentrq-conformance-"));
  try {
    const url = proxy.url + address.pathname + address.search;
    const options = ["--requirements", revision, "-o", out, "--expected-failures", baselineFile(baseline)];
    const { code, log } = await finished(spawn(process.execPath, [suite, "server", "--url", url, ...options]));
    return { code, log, summary: log.slice(log.indexOf("=== SUMMARY ===")), scenarios: readResults(out) };
  } finally {
    rmSync(out, { recursive: true, force: true });
    await proxy.stop();
  }
}

/** A process's exit code and all that it printed. */
function finished(child) {
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (log += chunk));
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (code) => done({ code, log: stripVTControlCharacters(log) }));
  });
}

/** The suite writes one folder a scenario: `server-NAME-TIME/checks.json`. */
function readResults(out) {
  const named = (folder) => /^server-(.*)-\d{4}-\d\d-\d\dT[\d-]+Z$/.exec(folder)[1];
  return new Map(
    readdirSync(out).map((folder) => [
      named(folder),
      JSON.parse(readFileSync(join(out, folder, "checks.json"), "utf8")),
    ]),
  );
}

const fails = ({ status }) => status === "FAILURE" || status === "WARNING";

/**
 * What the baseline does not account for: checks that fail unexpectedly, with what they say, and entries under which nothing fails. Unlike
 * the suite's own verdict this takes in the scenarios that it does not score.
 */
export function judge(scenarios, baseline) {
  const entries = baseline.map(({ entry }) => entry);
  const failed = [...scenarios].flatMap(([scenario, checks]) =>
    checks.filter(fails).map((check) => ({ scenario, ...check })),
  );
  const accounts = (entry, { scenario, id }) => entry === scenario || entry === `${scenario}:${id}`;
  return {
    unexpected: failed
      .filter((check) => !entries.some((entry) => accounts(entry, check)))
      .map(({ scenario, id, name, status, errorMessage }) => `${scenario}:${id} (${name}) ${status}: ${errorMessage}`),
    stale: entries.filter((entry) => !failed.some((check) => accounts(entry, check))),
  };
}
