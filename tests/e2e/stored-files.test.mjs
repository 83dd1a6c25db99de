// Files as they are stored: in and out byte by byte, in ranges, within their limit, and never as what could run in a page.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { stranger } from "../lib/stranger.mjs";
import { startWorld } from "../lib/world.mjs";

const mib = 1024 * 1024;
let world;
let ask, signIn, makeWorkspace, makeToken;

before(async () => {
  world = await startWorld();
  ({ ask, signIn, makeWorkspace, makeToken } = stranger(world.server));
});

after(() => world?.end());

describe("an attachment", () => {
  let me, workspace, path;
  before(async () => {
    me = await signIn();
    workspace = await makeWorkspace(me);
    path = `/api/workspaces/${workspace.id}/attachments`;
  });
  const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

  test("of 25 MiB goes in and comes out byte by byte the same, whole or a range", async () => {
    const bytes = randomBytes(25 * mib);
    const put = await ask("POST", `${path}?filename=${encodeURIComponent("Zoë 1.bin")}`, {
      ...me,
      body: bytes,
      headers: { "content-type": "application/zip" },
    });
    assert.equal(put.status, 201, JSON.stringify(put.json));
    assert.deepEqual(
      { ...put.json, id: undefined },
      { id: undefined, filename: "Zoë 1.bin", mimeType: "application/zip", size: bytes.length, sha256: sha256(bytes) },
    );
    const whole = await ask("GET", `${path}/${put.json.id}`, me);
    assert.equal(whole.status, 200);
    assert.equal(whole.headers["content-length"], String(bytes.length));
    assert.equal(sha256(whole.bytes), sha256(bytes));
    assert.match(whole.headers["content-disposition"], /^attachment; .*filename\*=UTF-8''Zo%C3%AB%201\.bin$/);
    const part = await ask("GET", `${path}/${put.json.id}`, {
      ...me,
      headers: { range: `bytes=${mib - 5}-${mib + 4}` },
    });
    assert.deepEqual(
      [part.status, part.headers["content-range"]],
      [206, `bytes ${mib - 5}-${mib + 4}/${bytes.length}`],
    );
    assert.ok(part.bytes.equals(bytes.subarray(mib - 5, mib + 5)));
    assert.equal(
      (await ask("GET", `${path}/${put.json.id}`, { ...me, headers: { range: "bytes=99999999-" } })).status,
      416,
    );
    assert.equal(
      (await ask("GET", `${path}/${put.json.id}`, { ...me, headers: { "if-none-match": whole.headers.etag } })).status,
      304,
    );
  });

  test("over 25 MiB is refused by its length and while it comes in", async () => {
    const bytes = Buffer.alloc(25 * mib + 1);
    for (const headers of [{ "content-length": bytes.length }, { "transfer-encoding": "chunked" }]) {
      const refused = await ask("POST", path, {
        ...me,
        body: bytes,
        headers: { ...headers, "content-type": "text/plain" },
      }).catch((error) => error);
      // A server that answers before it has read everything may also cut the connection.
      assert.ok(
        refused.status === 413 || refused.code === "EPIPE" || refused.code === "ECONNRESET",
        JSON.stringify(refused),
      );
    }
  });

  test("comes in as a form too, from an agent too, also empty", async () => {
    const { token } = await makeToken(me, workspace);
    const content = randomBytes(3 * mib);
    const form = new FormData();
    form.append("note", "hello");
    form.append("file", new Blob([content], { type: "image/png" }), "é.png");
    const sent = await fetch(new URL(path, world.url), {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: form,
    });
    const put = await sent.json();
    assert.deepEqual(
      [sent.status, put.filename, put.mimeType, put.sha256],
      [201, "é.png", "image/png", sha256(content)],
    );
    const empty = await ask("POST", path, { token, headers: { "content-type": "text/plain" } });
    assert.deepEqual([empty.status, empty.json.size, empty.json.filename], [201, 0, "attachment"]);
    assert.equal((await ask("GET", `${path}/${empty.json.id}`, { token })).bytes.length, 0);
  });

  test("that could run in a page goes out as mere bytes", async () => {
    const html = Buffer.from("<script>alert(1)</script>");
    for (const type of ["text/html", "image/svg+xml", "application/xhtml+xml", "text/javascript", "text/css"]) {
      const put = await ask("POST", `${path}?filename=x.html`, {
        ...me,
        body: html,
        headers: { "content-type": type },
      });
      const got = await ask("GET", `${path}/${put.json.id}`, me);
      assert.equal(got.headers["content-type"], "application/octet-stream", type);
      assert.match(got.headers["content-disposition"], /^attachment;/);
      assert.equal(got.headers["x-content-type-options"], "nosniff");
      assert.equal(got.headers["content-security-policy"], "sandbox; default-src 'none'");
    }
  });

  test("goes with the last task that used it", async () => {
    const bytes = Buffer.from("x");
    const put = await ask("POST", path, { ...me, body: bytes, headers: { "content-type": "text/plain" } });
    const tasks = `/api/workspaces/${workspace.id}/tasks`;
    const body = { title: "with a file", attachments: [put.json.id] };
    const made = [await ask("POST", tasks, { ...me, body }), await ask("POST", tasks, { ...me, body })];
    const status = async () => (await ask("GET", `${path}/${put.json.id}`, me)).status;
    assert.equal((await ask("DELETE", `${tasks}/${made[0].json.id}`, me)).status, 204);
    assert.equal(await status(), 200);
    assert.equal((await ask("DELETE", `${tasks}/${made[1].json.id}`, me)).status, 204);
    const until = Date.now() + 10_000;
    while ((await status()) !== 404) {
      assert.ok(Date.now() < until, "the file is still there");
      await new Promise((go) => setTimeout(go, 20));
    }
  });

  test("of another workspace, or none, is not found", async () => {
    const put = await ask("POST", path, { ...me, body: Buffer.from("x"), headers: { "content-type": "text/plain" } });
    const other = await makeWorkspace(me, "other");
    assert.equal(
      (await ask("GET", `/api/workspaces/${other.id}/attachments/${put.json.id}`, me)).code,
      "attachment_not_found",
    );
    assert.equal((await ask("GET", `${path}/nonsense`, me)).code, "attachment_not_found");
  });
});
