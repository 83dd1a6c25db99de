// The config of bare workerd, made from wrangler.toml and put beside the built Worker.
//
// It holds nothing of one server: address and folders come as options of `workerd serve` (`--socket-addr`, `--directory-path`), secrets
// through its environment, so that none stands in a file or in a process list.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readWrangler } from "./wrangler.mjs";

/** What a server gives the Worker in its environment. On Cloudflare the same names are secrets (`wrangler secret put`). */
export const environment = [
  "AGENTRQ_SECRET",
  "AGENTRQ_OWNER_KEY",
  "AGENTRQ_START_KEY",
  "AGENTRQ_PUBLIC_URL",
  "AGENTRQ_LEASE_SECONDS",
];

const quote = (text) => JSON.stringify(text);
const list = (items, indent) => `[\n${items.map((item) => `${indent}  ${item},\n`).join("")}${indent}]`;

// In this language a name after `=` must have a space before its dot, or it is taken for a number.
function workerdConfig(wrangler) {
  const sqlite = new Set(wrangler.migrations.flatMap((migration) => migration.new_sqlite_classes ?? []));
  const objects = wrangler.durable_objects.bindings;
  const namespaces = objects.map(({ class_name: name }) => {
    // The key decides the ids of all objects of the class: it may never change.
    const key = quote(`${wrangler.name}-${name}`);
    return `(className = ${quote(name)}, uniqueKey = ${key}, enableSql = ${sqlite.has(name)})`;
  });
  const bindings = [
    ...objects.map((object) => `(name = ${quote(object.name)}, durableObjectNamespace = ${quote(object.class_name)})`),
    ...Object.entries(wrangler.vars ?? {}).map(
      ([name, value]) => `(name = ${quote(name)}, text = ${quote(String(value))})`,
    ),
    ...environment.map((name) => `(name = ${quote(name)}, fromEnvironment = ${quote(name)})`),
    `(name = ${quote(wrangler.assets.binding)}, service = "assets")`,
  ];
  return `# Generated from wrangler.toml by scripts/workerd-config.mjs.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  # Functions that are busy are compiled well after a hundredth of the usual number of calls: a small server is not called often.
  v8Flags = ["--wasm-tiering-budget=100000"],
  services = [
    (name = "main", worker = .main),
    (name = "objects", disk = (writable = true)),
    (name = "assets", disk = (writable = false)),
  ],
  sockets = [(name = "http", http = (), service = "main")],
);

const main :Workerd.Worker = (
  modules = [
    (name = "index.js", esModule = embed "index.js"),
    (name = "./index_bg.wasm", wasm = embed "index_bg.wasm"),
  ],
  compatibilityDate = ${quote(wrangler.compatibility_date)},
  compatibilityFlags = [${wrangler.compatibility_flags.map(quote).join(", ")}],
  durableObjectNamespaces = ${list(namespaces, "  ")},
  durableObjectStorage = (localDisk = "objects"),
  bindings = ${list(bindings, "  ")},
);
`;
}

export function writeWorkerdConfig(folder) {
  writeFileSync(join(folder, "workerd.capnp"), workerdConfig(readWrangler()));
}
