// Cuts an official JSON schema of MCP down to what a server says: `node tests/schemas/cut.mjs 2026-07-28 < schema.json > tests/schemas/2026-07-28.json`.
import { readFileSync } from "node:fs";

const said =
  /^(((Initialize|Discover|CallTool|ReadResource|GetPrompt|Complete|Empty)|List(Tools|Resources|ResourceTemplates|Prompts))Result|(ResourceUpdated|ResourceListChanged|ToolListChanged|SubscriptionsAcknowledged|LoggingMessage)Notification|PingRequest|JSONRPCError(Response)?|(UnsupportedProtocolVersion|HeaderMismatch|MissingRequiredClientCapability)Error)$/;

const revision = process.argv[2];
const schema = JSON.parse(readFileSync(0, "utf8"));
const key = schema.$defs ? "$defs" : "definitions";
const definitions = schema[key];

/** Without its descriptions; one that is a property of its own name stays. */
function bare(value, names = false) {
  if (Array.isArray(value)) return value.map((item) => bare(item));
  if (value === null || typeof value !== "object") return value;
  const kept = Object.entries(value).filter(([name]) => names || name !== "description");
  return Object.fromEntries(kept.map(([name, item]) => [name, bare(item, !names && name === "properties")]));
}

const kept = new Set(Object.keys(definitions).filter((name) => said.test(name)));
for (const name of kept)
  for (const [, other] of JSON.stringify(definitions[name]).matchAll(/"#\/(?:\$defs|definitions)\/(\w+)"/g))
    kept.add(other);

// One definition a line, so that a change of one shows as one.
const comment = `The official JSON schema of MCP ${revision}, cut down to what a server says (see cut.mjs).`;
const lines = [...kept].sort().map((name) => `${JSON.stringify(name)}: ${JSON.stringify(bare(definitions[name]))}`);
console.log(`{"$comment": ${JSON.stringify(comment)},\n"$schema": ${JSON.stringify(schema.$schema)},\n"${key}": {`);
console.log(`${lines.join(",\n")}\n}}`);
