// Tells the service worker what the build is made of: every file, and which of them the first painting needs.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin, type Rolldown } from "vite";
import type { ShellFile } from "./src/sw/shell";

/** The service worker's address must stay: by it the browser looks for the next one. */
const WORKER = "sw.js";
const PLACEHOLDER = /(["'`])__SHELL__\1/u;
const hash = (content: string | Uint8Array): string =>
  createHash("sha256").update(content).digest("base64url").slice(0, 12);

/** Files that the page needs whichever part of it is shown. Other subsets of the fonts are for other scripts: they are kept when they are used. */
const isFirst = (name: string): boolean => /\.(?:html|wasm)$/u.test(name) || /-latin-wght.*\.woff2$/u.test(name);

/** `source` is the service worker's, `publicDir` holds the files that are served as they are. */
export function shell(source: string, publicDir: string): Plugin {
  return {
    name: "agentrq-shell",
    enforce: "post",
    apply: "build",
    async generateBundle(_options, bundle) {
      const files = [...built(bundle), ...served(publicDir)].sort((one, other) => (one.url < other.url ? -1 : 1));
      const list = JSON.stringify({
        build: hash(JSON.stringify(files)),
        files: files.map(({ is: _, ...file }) => file),
      });
      const code = (await bundled(source)).replace(PLACEHOLDER, () => JSON.stringify(list));
      this.emitFile({ type: "asset", fileName: WORKER, source: code });
    },
  };
}

/** A file, and what it is where its name does not say so. */
type Listed = ShellFile & { is: string };

function built(bundle: Rolldown.OutputBundle): Listed[] {
  const first = firstFiles(bundle);
  const outputs = Object.values(bundle);
  const entry = outputs.find((output) => output.type === "chunk" && output.isEntry && output.name === "index");
  return outputs.map((output) => {
    const { fileName } = output;
    const hashed = /^assets\/.+-[\w-]{8,}\.\w+$/u.test(fileName);
    return {
      url: `/${fileName}`,
      first: first.has(fileName) || isFirst(fileName),
      hashed,
      ...(fileName === "index.html" && entry ? { names: entry.fileName } : {}),
      is: hashed ? "" : hash(output.type === "chunk" ? output.code : output.source),
    };
  });
}

function served(folder: string): Listed[] {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  return found.map((file) => {
    const path = join(file.parentPath, file.name);
    return { url: path.slice(folder.length), first: false, hashed: false, is: hash(readFileSync(path)) };
  });
}

/** The page's own code with all that it imports and its styles, and the rules' that it asks for at once. */
function firstFiles(bundle: Rolldown.OutputBundle): Set<string> {
  const found = new Set<string>();
  const follow = (name: string): void => {
    const chunk = bundle[name];
    if (chunk?.type !== "chunk" || found.has(name)) return;
    found.add(name);
    chunk.viteMetadata?.importedCss.forEach((style) => found.add(style));
    chunk.imports.forEach(follow);
  };
  for (const chunk of Object.values(bundle)) {
    if (chunk.type !== "chunk") continue;
    if (chunk.isEntry || chunk.facadeModuleId?.endsWith("agentrq_wasm.js")) follow(chunk.fileName);
  }
  return found;
}

/** The service worker in one piece: it can share nothing with the page. */
async function bundled(source: string): Promise<string> {
  const output = { format: "iife" as const, entryFileNames: WORKER };
  const result = await build({
    configFile: false,
    publicDir: false,
    logLevel: "error",
    build: { write: false, rolldownOptions: { input: source, output } },
  });
  const [made] = Array.isArray(result) ? result : [result];
  const chunk = made && "output" in made ? made.output[0] : undefined;
  if (!chunk) throw new Error("the service worker was not built");
  return chunk.code;
}
