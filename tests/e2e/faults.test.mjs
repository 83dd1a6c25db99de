// Panics stay where they are: a request that panics is a 500, and nobody else notices.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startServer } from "../../scripts/serve.mjs";

let server;
let dataDir;
let cookie;

async function ask(method, path, body) {
  const headers = { ...(cookie ? { cookie } : {}), ...(body ? { "content-type": "application/json" } : {}) };
  const response = await fetch(new URL(path, server.url), {
    method,
    headers,
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(5_000),
  });
  const text = await response.text();
  return {
    status: response.status,
    json: text.startsWith("{") ? JSON.parse(text) : undefined,
    text,
    set: response.headers.getSetCookie(),
  };
}

before(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "agentrq-faults-"));
  server = await startServer({ dataDir, build: "faults" });
  const signedIn = await ask("POST", "/api/session", { key: server.key });
  cookie = signedIn.set[0].split(";")[0];
});

after(async () => {
  await server?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

const makeWorkspace = async (name) => (await ask("POST", "/api/workspaces", { name })).json.id;
const instance = async (workspace) => (await ask("GET", `/test/${workspace}/instance`)).json.instance;

test("a request that panics in the Worker is a 500 at once, and the next one is answered", async () => {
  const begun = Date.now();
  const panicked = await ask("GET", "/test/panic");
  assert.equal(panicked.status, 500);
  assert.ok(Date.now() - begun < 1_000);
  assert.doesNotMatch(panicked.text, /src\/|panicked at|asked to panic/);
  assert.equal((await ask("GET", "/api/session")).status, 200);
});

test("a request that panics in an object is a 500, and neither that workspace nor another is harmed", async () => {
  const [one, two] = [await makeWorkspace("one"), await makeWorkspace("two")];
  const others = await instance(two);
  for (let round = 0; round < 3; round += 1) {
    const panicked = await ask("GET", `/test/${one}/panic`);
    assert.ok(panicked.status === 500, `${panicked.status} ${panicked.text}`);
    assert.doesNotMatch(panicked.text, /src\/|panicked at|asked to panic/);
    assert.equal((await ask("GET", `/api/workspaces/${one}`)).json.name, "one");
  }
  assert.equal(await instance(two), others);
});

test("the faults are not in the product", async () => {
  const product = await startServer({ dataDir: join(dataDir, "product") });
  try {
    assert.equal((await fetch(new URL("/test/panic", product.url))).status, 404);
  } finally {
    await product.stop();
  }
});
