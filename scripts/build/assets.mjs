// What the Worker serves: `web/dist` copied to `.build/assets`, compressed ahead, with a manifest that says what each file is.
//
// Bare workerd's disk service knows no content types, no ETags and no compression, and Cloudflare's assets know them in their own way. So
// the Worker answers from the manifest on both, and `ASSETS` only hands it bytes. The manifest is itself a file there,
// `/asset-manifest.json`: the Worker fetches it once and keeps it, so that a changed page needs no new Rust build. It reads
//
//   { "build": "…",
//     "files": { "/index.html": { "type": "text/html; charset=utf-8", "etag": "\"…\"", "size": 1234,
//                                 "immutable": false, "br": "/index.html.br", "gz": "/index.html.gz" }, … } }
//
// where `br` and `gz` name the compressed copies, if they are worth having. A copy is sent with `Content-Encoding` and an ETag of its own
// (the manifest's, with the encoding appended); `immutable` is true for names that carry a hash.
//
// `build` names all the files together. The page finds it in a `<meta>` of its own and hears it of the server on its stream: where the two
// differ, another page is served by now than the one that is open.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { built, inRoot } from "../lib/paths.mjs";
import { hashOf, whenChanged } from "../lib/stamp.mjs";

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".wasm": "application/wasm",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/vnd.microsoft.icon",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
  ".map": "application/json",
};
const compressible = new Set([
  ".html",
  ".js",
  ".mjs",
  ".css",
  ".json",
  ".webmanifest",
  ".wasm",
  ".svg",
  ".txt",
  ".map",
]);
const hashedName = /^\/assets\/.+-[\w-]{8,}\.\w+$/;

const brotli = (bytes) =>
  promisify(brotliCompress)(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  });
const gz = (bytes) => promisify(gzip)(bytes, { level: 9 });

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("base64url").slice(0, 22);

/** The name of these files together: another one as soon as a byte or a name of them is another. */
function buildOf(files) {
  return files.length ? sha256(files.map(([name, bytes]) => `${name} ${sha256(bytes)}\n`).join("")) : null;
}

/** The page, told which build it is of. */
function withBuild(page, build) {
  const told = page.toString().replace("</head>", `  <meta name="agentrq-build" content="${build}" />\n  </head>`);
  return Buffer.from(told);
}

async function publish(name, bytes, folder) {
  const extension = extname(name);
  const put = (suffix, content) => {
    const file = join(folder, name + suffix);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  };
  put("", bytes);
  const entry = {
    type: types[extension] ?? "application/octet-stream",
    etag: `"${sha256(bytes)}"`,
    size: bytes.length,
    immutable: hashedName.test(name),
  };
  if (!compressible.has(extension)) return entry;
  for (const [key, compress] of Object.entries({ br: brotli, gz })) {
    const smaller = await compress(bytes);
    if (smaller.length > bytes.length * 0.9) continue;
    put(`.${key}`, smaller);
    entry[key] = `${name}.${key}`;
  }
  return entry;
}

function filesIn(folder, prefix = "") {
  return readdirSync(folder, { withFileTypes: true }).flatMap((item) =>
    item.isDirectory() ? filesIn(join(folder, item.name), `${prefix}/${item.name}`) : [`${prefix}/${item.name}`],
  );
}

/** Returns whether anything changed. Without a dashboard the manifest is empty. */
export async function buildAssets() {
  const dist = inRoot("web/dist");
  const folder = built("assets");
  return whenChanged(built("assets.stamp"), [folder], hashOf(["web/dist", "scripts/build/assets.mjs"]), async () => {
    const making = `${folder}.making`;
    rmSync(making, { recursive: true, force: true });
    mkdirSync(making, { recursive: true });
    const names = hasFolder(dist) ? filesIn(dist).sort() : [];
    const files = names.map((name) => [name, readFileSync(join(dist, name))]);
    const build = buildOf(files);
    const entries = await Promise.all(
      files.map(async ([name, bytes]) => [
        name,
        await publish(name, name === "/index.html" ? withBuild(bytes, build) : bytes, making),
      ]),
    );
    writeFileSync(join(making, "asset-manifest.json"), JSON.stringify({ build, files: Object.fromEntries(entries) }));
    rmSync(folder, { recursive: true, force: true });
    renameSync(making, folder);
  });
}

function hasFolder(folder) {
  try {
    return readdirSync(folder).length > 0;
  } catch {
    return false;
  }
}
