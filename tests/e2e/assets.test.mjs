// The dashboard's files as they go out: types, caching, compression, and the headers that keep the page safe.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { startServer } from "../../scripts/serve.mjs";

let server;
let dataDir;

/** One request whose answer is left as it came: compressed, if it is. */
function ask(method, path, headers = {}) {
  return new Promise((done, fail) => {
    const sent = request(new URL(path, server.url), { method, headers }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", fail);
      response.on("end", () =>
        done({ status: response.statusCode, headers: response.headers, bytes: Buffer.concat(chunks) }),
      );
    });
    sent.on("error", fail);
    sent.end();
  });
}

before(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "agentrq-assets-"));
  server = await startServer({ dataDir });
});

after(async () => {
  await server?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

test("the page goes out with its type, an ETag and a policy that runs only its own code", async () => {
  const page = await ask("GET", "/");
  assert.equal(page.status, 200);
  assert.equal(page.headers["content-type"], "text/html; charset=utf-8");
  assert.equal(page.headers["cache-control"], "no-cache");
  assert.match(
    page.headers["content-security-policy"],
    /^default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self';/,
  );
  assert.match(page.headers["content-security-policy"], /frame-ancestors 'none'.*require-trusted-types-for 'script'/);
  assert.equal(page.headers["x-content-type-options"], "nosniff");
  assert.equal(page.headers["referrer-policy"], "no-referrer");
  assert.equal(page.headers["cross-origin-opener-policy"], "same-origin");
  assert.equal(page.headers["content-encoding"], undefined);
  assert.match(page.bytes.toString(), /<!doctype html>/i);
});

test("what a reader has already is not sent again, and HEAD sends no body", async () => {
  const { headers } = await ask("GET", "/");
  const again = await ask("GET", "/", { "if-none-match": headers.etag });
  assert.deepEqual([again.status, again.bytes.length], [304, 0]);
  const head = await ask("HEAD", "/");
  assert.deepEqual([head.status, head.bytes.length, head.headers.etag], [200, 0, headers.etag]);
});

test("scripts go out compressed ahead, and names with a hash are kept for ever", async () => {
  const page = (await ask("GET", "/")).bytes.toString();
  const [, script] = /<script[^>]+src="([^"]+)"/.exec(page) ?? assert.fail(`no script in ${page}`);
  const plain = await ask("GET", script);
  assert.equal(plain.headers["content-type"], "text/javascript; charset=utf-8");
  assert.equal(plain.headers["cache-control"], "public, max-age=31536000, immutable");
  for (const [encoding, unpack] of [
    ["br", brotliDecompressSync],
    ["gzip", gunzipSync],
  ]) {
    const packed = await ask("GET", script, { "accept-encoding": encoding });
    assert.equal(packed.headers["content-encoding"], encoding);
    assert.notEqual(packed.headers.etag, plain.headers.etag);
    assert.ok(packed.bytes.length < plain.bytes.length);
    assert.ok(unpack(packed.bytes).equals(plain.bytes), encoding);
  }
});

test("an address of the page is the page; a file that is not there is not", async () => {
  const navigation = { accept: "text/html", "sec-fetch-mode": "navigate", "sec-fetch-site": "cross-site" };
  for (const path of ["/sign-in", "/w/0123456789abcdefghijkl/tasks/12"]) {
    const page = await ask("GET", path, navigation);
    assert.deepEqual([page.status, page.headers["content-type"]], [200, "text/html; charset=utf-8"], path);
  }
  for (const path of [
    "/assets/gone-12345678.js",
    "/asset-manifest.json",
    "/index.html.br",
    "/../package.json",
    "/%2e%2e/package.json",
    "/..%2fpackage.json",
  ])
    assert.equal((await ask("GET", path)).status, 404, path);
  assert.equal((await ask("POST", "/")).status, 405);
});
