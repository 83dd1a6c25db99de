// `npm run dev` as a person meets it: the page lets them in, edits are noticed, and all of it ends when told to.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { inRoot } from "../../scripts/lib/paths.mjs";
import { watchAll } from "../../scripts/lib/watch.mjs";

let folder;
before(() => (folder = mkdtempSync(join(tmpdir(), "agentrq-dev-"))));
after(() => rmSync(folder, { recursive: true, force: true }));

async function freePort() {
  const server = createServer();
  await new Promise((listening) => server.listen(0, "localhost", listening));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

test("the page of the development server signs in, and all processes end with it", async () => {
  const [port, pagePort] = [await freePort(), await freePort()];
  const env = { PORT: String(port), AGENTRQ_PAGE_PORT: String(pagePort), AGENTRQ_DATA: join(folder, "data") };
  const child = spawn(process.execPath, [inRoot("scripts/dev.mjs")], { env: { ...process.env, ...env } });
  let said = "";
  const exited = new Promise((done) => child.on("exit", (code) => done(code)));
  await new Promise((ready, fail) => {
    const note = (chunk) => {
      said += chunk;
      if (/ready in/.test(said)) ready();
    };
    child.stdout.on("data", note);
    child.stderr.on("data", note);
    exited.then(() => fail(new Error(said)));
  });
  const page = `http://localhost:${pagePort}`;
  try {
    assert.match(await (await fetch(page)).text(), /<!doctype html>/i);
    const [, key] = new RegExp(`Sign in: ${page}/sign-in#key=(\\S+)`).exec(said);
    const ask = (origin) =>
      fetch(`${page}/api/session`, {
        method: "POST",
        headers: { "content-type": "application/json", origin, "sec-fetch-site": "same-origin" },
        body: JSON.stringify({ key }),
      });
    assert.equal((await ask(page)).status, 200);
  } finally {
    child.kill("SIGTERM");
    await exited;
  }
  assert.equal(await exited, 0, said);
  for (const url of [page, `http://127.0.0.1:${port}`]) await assert.rejects(fetch(url), url);
});

test("a file that an editor replaces is seen to change each time, and so is one in a folder that is new", async () => {
  const below = join(folder, "sources", "deep");
  mkdirSync(below, { recursive: true });
  let told;
  watchAll([join(folder, "sources")], () => told?.());
  const seen = (change) => {
    const { promise, resolve } = Promise.withResolvers();
    told = resolve;
    change();
    return promise;
  };
  const replace = (text) => {
    writeFileSync(join(folder, "new version"), text);
    renameSync(join(folder, "new version"), join(below, "file"));
  };
  for (const text of ["1", "2", "3"]) await seen(() => replace(text));
  await seen(() => mkdirSync(join(below, "new")));
  await seen(() => writeFileSync(join(below, "new", "file"), "x"));
});
