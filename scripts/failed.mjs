// What failed, said once more where a run ends: its log is long, and whoever reads it begins at the end.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { built } from "./lib/paths.mjs";

/** How much of each failure is said again. */
const mostLines = 30;

const entry = (name, message) => `${name}\n${message.split("\n").slice(0, mostLines).join("\n")}\n`;

/** A reporter of `node --test`: the failures alone, each with the groups that it stands in. */
export default async function* failures(source) {
  const groups = [];
  for await (const { type, data } of source) {
    if (type === "test:start") groups[data.nesting] = data.name;
    if (type !== "test:fail" || data.details.error.failureType === "subtestsFailed") continue;
    const { error } = data.details;
    const name = [...groups.slice(0, data.nesting), data.name].join(" > ");
    yield entry(name, String(error.cause?.stack ?? error.cause ?? error.message));
  }
}

const kept = built("failed.txt");

/** The words that make `node --test` keep its failures, beside what it prints. */
export const keepFailures = [
  "--test-reporter=spec",
  "--test-reporter-destination=stdout",
  `--test-reporter=${import.meta.filename}`,
  `--test-reporter-destination=${kept}`,
];

/** What `node --test` kept, which is forgotten with it. */
export function keptFailures() {
  const text = existsSync(kept) ? readFileSync(kept, "utf8").trim() : "";
  rmSync(kept, { force: true });
  return text;
}

const report = built("vitest.json");

/** The words that make vitest keep its failures, beside what it prints. */
export const keepVitest = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];

/** What vitest kept, which is forgotten with it. */
export function keptByVitest() {
  if (!existsSync(report)) return "";
  const { testResults } = JSON.parse(readFileSync(report, "utf8"));
  rmSync(report);
  const failed = testResults.flatMap(({ name, message, assertionResults }) => [
    ...(message ? [entry(name, message)] : []),
    ...assertionResults
      .filter(({ status }) => status === "failed")
      .map(({ fullName, failureMessages }) => entry(fullName, failureMessages.join("\n"))),
  ]);
  return failed.join("\n").trim();
}
