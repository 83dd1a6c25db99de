// Who gets in: foreign, missing, wrong and doubled credentials on every route, and what a server does with what it never made.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startServer } from "../../scripts/serve.mjs";
import { stranger } from "../lib/stranger.mjs";

const ownerKey = "an owner key of the tests";
const mib = 1024 * 1024;
let server;
let dataDir;
let ask, signIn, browser, makeWorkspace, makeToken;

const objects = () => readdirSync(join(dataDir, "objects"), { recursive: true }).length;

before(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "agentrq-gate-"));
  server = await startServer({ dataDir, ownerKey });
  ({ ask, signIn, browser, makeWorkspace, makeToken } = stranger(server));
});

after(async () => {
  await server?.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

describe("signing in", () => {
  test("a script gets a cookie alone, which opens the account until it signs out", async () => {
    const me = await signIn();
    assert.equal(me.key, null);
    assert.match(me.set, /^agentrq_session=[^;]+; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$/);
    const who = await ask("GET", "/api/session", me);
    assert.deepEqual([who.status, who.json], [200, { person: me.person }]);
    const out = await ask("DELETE", "/api/session", me);
    assert.equal(out.status, 204);
    assert.match(out.headers["set-cookie"][0], /Max-Age=0/);
    assert.equal((await ask("GET", "/api/session", me)).code, "session_required");
  });

  test("a browser's session opens nothing without its key", async () => {
    const me = await signIn({ headers: browser() });
    assert.match(me.key, /^arqk_/);
    assert.equal((await ask("GET", "/api/session", { ...me, headers: browser() })).status, 200);
    assert.equal(
      (await ask("GET", "/api/session", { cookie: me.cookie, headers: browser() })).code,
      "session_key_required",
    );
    const other = await signIn({ headers: browser() });
    assert.equal(
      (await ask("GET", "/api/session", { cookie: me.cookie, key: other.key })).code,
      "session_key_required",
    );
  });

  test("the permanent owner key signs in too, anything else does not", async () => {
    assert.equal((await ask("POST", "/api/session", { body: { key: ownerKey } })).status, 200);
    for (const body of [{ key: "" }, { key: "x" }, { key: ownerKey.slice(1) }])
      assert.deepEqual((({ status, code }) => [status, code])(await ask("POST", "/api/session", { body })), [
        401,
        "sign_in_failed",
      ]);
    for (const [body, code] of [
      [{}, "invalid_json"],
      [[], "invalid_json"],
      [{ key: 1 }, "invalid_json"],
    ])
      assert.equal((await ask("POST", "/api/session", { body })).code, code);
  });

  test("a body that is not said to be JSON, or is too large, is refused", async () => {
    const text = JSON.stringify({ key: server.key });
    for (const type of ["text/plain", "application/x-www-form-urlencoded", undefined])
      assert.equal(
        (await ask("POST", "/api/session", { body: text, headers: type ? { "content-type": type } : {} })).status,
        415,
      );
    const large = JSON.stringify({ key: "x".repeat(mib) });
    const type = { "content-type": "application/json" };
    assert.equal(
      (await ask("POST", "/api/session", { body: large, headers: { ...type, "content-length": large.length } })).status,
      413,
    );
    assert.equal(
      (await ask("POST", "/api/session", { body: large, headers: { ...type, "transfer-encoding": "chunked" } })).status,
      413,
    );
  });
});

describe("other pages", () => {
  test("a page on another port, another site, or of no origin can do nothing with the cookie", async () => {
    const me = await signIn();
    for (const headers of [
      { origin: "http://127.0.0.1:9", "sec-fetch-site": "same-site" },
      { origin: "http://127.0.0.1:9" },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "cross-site" },
      { origin: "null" },
      { origin: "https://evil.example.com" },
    ])
      for (const [method, path, body] of [
        ["GET", "/api/session"],
        ["GET", "/api/workspaces"],
        ["POST", "/api/workspaces", { name: "x" }],
        ["DELETE", "/api/session"],
        ["POST", "/api/session", { key: server.key }],
      ]) {
        const response = await ask(method, path, { ...me, headers, body });
        assert.equal(response.status, 403, `${method} ${path} ${JSON.stringify(headers)}`);
        assert.equal(response.headers["access-control-allow-origin"], undefined);
        assert.equal(response.headers["set-cookie"], undefined);
      }
    assert.equal((await ask("GET", "/api/session", me)).status, 200);
  });

  test("a name that was pointed here by someone else is not answered", async () => {
    for (const host of ["evil.example.com", `evil.example.com:${server.port}`, "localhost.evil.example.com"])
      for (const path of ["/", "/api/session", "/mcp/0123456789abcdefghijkl"])
        assert.equal((await ask("GET", path, { headers: { host } })).code, "host_not_allowed", `${host}${path}`);
    for (const host of [`localhost:${server.port}`, `[::1]:${server.port}`])
      assert.equal((await ask("GET", "/api/session", { headers: { host } })).code, "session_required", host);
  });
});

describe("a workspace", () => {
  test("is made, listed, read and deleted by its owner", async () => {
    const me = await signIn();
    const made = await makeWorkspace(me, "Zoë's 🦀 workspace");
    assert.match(made.id, /^[0-9A-Za-z]{22}$/);
    assert.equal(made.url, new URL(`/w/${made.id}`, server.url).href);
    const listed = async () =>
      (await ask("GET", "/api/workspaces", me)).json.workspaces.map(({ id, name }) => ({ id, name }));
    assert.deepEqual(
      (await listed()).filter(({ id }) => id === made.id),
      [{ id: made.id, name: "Zoë's 🦀 workspace" }],
    );
    assert.equal((await ask("GET", `/api/workspaces/${made.id}`, me)).json.mission, "to be tested");
    assert.equal((await ask("DELETE", `/api/workspaces/${made.id}`, me)).status, 204);
    assert.equal((await ask("GET", `/api/workspaces/${made.id}`, me)).code, "not_a_member");
    assert.deepEqual(
      (await listed()).filter(({ id }) => id === made.id),
      [],
    );
  });

  test("cannot be what it must not be", async () => {
    const me = await signIn();
    for (const [body, status] of [
      [{}, 400],
      [{ name: "" }, 400],
      [{ name: 5 }, 400],
      [{ name: "x".repeat(81) }, 413],
      [{ name: "x", mission: "x".repeat(16 * 1024 + 1) }, 413],
    ])
      assert.equal(
        (await ask("POST", "/api/workspaces", { ...me, body })).status,
        status,
        JSON.stringify(body).slice(0, 60),
      );
  });

  test("that was never made is not found, and a thousand tries leave no file", async () => {
    const me = await signIn();
    await makeWorkspace(me);
    const before = objects();
    const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const random = () => [...randomBytes(22)].map((byte) => letters[byte % 62]).join("");
    const forged = () =>
      `agentrq_session=${random()}.${random().slice(11)}.${randomBytes(32).toString("base64url")}.${randomBytes(16).toString("base64url")}`;
    for (let round = 0; round < 40; round += 1) {
      const asked = Array.from({ length: 25 }, async (_, index) => {
        const id = random();
        const token = `arq_${randomBytes(60).toString("base64url")}`;
        const [path, options, code] = [
          [`/api/workspaces/${id}/tasks`, me, "workspace_not_found"],
          [`/api/workspaces/${id}/tasks`, { token }, "workspace_not_found"],
          [`/mcp/${id}?token=${token}`, {}, "workspace_not_found"],
          ["/api/session", { cookie: forged() }, "session_required"],
          [`/api/workspaces/${id}/tokens`, { cookie: forged() }, "workspace_not_found"],
        ][index % 5];
        assert.equal((await ask("GET", path, options)).code, code);
      });
      await Promise.all(asked);
    }
    assert.equal(objects(), before);
  });
});

describe("a token", () => {
  test("opens its workspace for an agent, and nothing that is a person's", async () => {
    const me = await signIn();
    const workspace = await makeWorkspace(me);
    const { token, mcpUrl, label, id } = await makeToken(me, workspace);
    assert.equal(label, "laptop");
    assert.equal(mcpUrl, new URL(`/mcp/${workspace.id}?token=${token}`, server.url).href);
    assert.equal((await ask("GET", `/api/workspaces/${workspace.id}/tasks`, { token })).status, 200);
    assert.equal((await ask("GET", `/api/workspaces/${workspace.id}/tasks?token=${token}`)).status, 200);
    for (const [method, path, body] of [
      ["GET", "/api/session"],
      ["DELETE", "/api/session"],
      ["GET", "/api/workspaces"],
      ["POST", "/api/workspaces", { name: "x" }],
      ["GET", `/api/workspaces/${workspace.id}`],
      ["PATCH", `/api/workspaces/${workspace.id}`, { name: "x" }],
      ["DELETE", `/api/workspaces/${workspace.id}`],
      ["GET", `/api/workspaces/${workspace.id}/tokens`],
      ["POST", `/api/workspaces/${workspace.id}/tokens`, { label: "x" }],
      ["PATCH", `/api/workspaces/${workspace.id}/tokens/${id}`, { expiresInDays: 300 }],
      ["DELETE", `/api/workspaces/${workspace.id}/tokens/${id}`],
      ["GET", `/api/workspaces/${workspace.id}/snapshot`],
      ["POST", `/api/workspaces/${workspace.id}/commands`, {}],
      ["GET", `/api/workspaces/${workspace.id}/events`],
      ["GET", `/api/workspaces/${workspace.id}/activity`],
      ["GET", "/api/events"],
      ["GET", `/api/events?workspaces=${workspace.id}`],
    ])
      for (const credentials of [{ token }, { token, cookie: me.cookie }, { cookie: `agentrq_session=${token}` }]) {
        const { status, code } = await ask(method, path, { ...credentials, body });
        assert.deepEqual(
          [status, code],
          credentials.token ? [403, "person_only"] : [401, "session_required"],
          `${method} ${path}`,
        );
      }
  });

  test("opens no other workspace, and a cookie opens nothing of an agent's", async () => {
    const me = await signIn();
    const [one, two] = [await makeWorkspace(me, "one"), await makeWorkspace(me, "two")];
    const { token } = await makeToken(me, one);
    assert.equal((await ask("GET", `/api/workspaces/${two.id}/tasks`, { token })).code, "token_invalid");
    assert.equal((await ask("GET", `/mcp/${two.id}`, { token })).code, "token_invalid");
    assert.equal((await ask("GET", `/mcp/${one.id}`, me)).code, "token_required");
    assert.equal((await ask("GET", `/mcp/${one.id}`, { token: me.cookie.split("=")[1] })).code, "token_invalid");
    assert.equal(
      (await ask("GET", `/api/workspaces/${one.id}/tasks`, { ...me, token: "arq_wrong" })).code,
      "token_invalid",
    );
    assert.equal(
      (await ask("POST", `/mcp/${one.id}`, { token, headers: { origin: "https://evil.example.com" }, body: {} }))
        .status,
      403,
    );
  });

  test("is listed with its last use, extended, and refused the moment it is revoked", async () => {
    const me = await signIn();
    const workspace = await makeWorkspace(me);
    const tokens = `/api/workspaces/${workspace.id}/tokens`;
    const { token, id } = await makeToken(me, workspace, "desk");
    await ask("GET", `/api/workspaces/${workspace.id}/tasks?agent=builder`, { token });
    const [listed] = (await ask("GET", tokens, me)).json.tokens;
    assert.deepEqual([listed.id, listed.label, listed.agent, listed.expiresSoon], [id, "desk", "builder", false]);
    assert.ok(Math.abs(Date.parse(listed.lastUsedAt) - Date.now()) < 60_000);
    assert.ok(!JSON.stringify(listed).includes(token.slice(4, 30)));
    const soon = await ask("PATCH", `${tokens}/${id}`, { ...me, body: { expiresInDays: 7 } });
    assert.equal(soon.json.expiresSoon, true);
    for (const expiresInDays of [0, -1, 1.5, 367, "30"])
      assert.equal((await ask("PATCH", `${tokens}/${id}`, { ...me, body: { expiresInDays } })).status, 400);
    assert.equal((await ask("DELETE", `${tokens}/${id}`, me)).status, 204);
    assert.equal((await ask("GET", `/api/workspaces/${workspace.id}/tasks`, { token })).code, "token_revoked");
    assert.deepEqual((await ask("GET", tokens, me)).json.tokens, []);
  });

  test("internal headers from outside mean nothing", async () => {
    const me = await signIn();
    const workspace = await makeWorkspace(me);
    const { token, id } = await makeToken(me, workspace);
    const headers = {
      "x-agentrq-actor": JSON.stringify({ kind: "person", id: "x", name: "Mallory" }),
      "x-agentrq-session": id,
      "x-agentrq-token": `${id} ${"00".repeat(32)}`,
      "x-agentrq-base": "https://evil.example.com",
    };
    assert.equal((await ask("GET", `/api/workspaces/${workspace.id}/tasks`, { headers })).code, "session_required");
    assert.equal((await ask("GET", `/api/workspaces/${workspace.id}/tasks`, { headers, token })).status, 200);
    const made = await ask("POST", `/api/workspaces/${workspace.id}/tokens`, { ...me, headers, body: { label: "x" } });
    assert.ok(made.json.mcpUrl.startsWith(server.url), made.json.mcpUrl);
  });
});

describe("every route of a workspace", () => {
  test("is closed to whoever shows nothing, something forged, or what belongs to another workspace", async () => {
    const me = await signIn();
    const [here, there] = [await makeWorkspace(me, "here"), await makeWorkspace(me, "there")];
    const { token } = await makeToken(me, here);
    const foreign = await makeToken(me, there);
    const base = `/api/workspaces/${here.id}`;
    const made = await ask("POST", `${base}/tasks`, { ...me, body: { title: "a task" } });
    const file = await ask("POST", `${base}/attachments`, { ...me, body: Buffer.from("x") });
    const snapshot = async () => JSON.stringify((await ask("GET", `${base}/snapshot`, me)).json);
    const earlier = await snapshot();
    const forged = `${token.slice(0, -1)}${token.endsWith("A") ? "B" : "A"}`;
    const both = [
      ["GET", `${base}/tasks`],
      ["POST", `${base}/tasks`, { title: "planted" }],
      ["GET", `${base}/tasks/1`],
      ["PATCH", `${base}/tasks/${made.json.id}`, { title: "planted" }],
      ["DELETE", `${base}/tasks/1`],
      ["GET", `${base}/tasks/1/messages`],
      ["POST", `${base}/tasks/1/messages`, { text: "planted" }],
      ["POST", `${base}/attachments`, Buffer.from("planted")],
      ["POST", `${base}/attachments?id=0ZRgCquBZ7R`, Buffer.from("planted")],
      ["GET", `${base}/attachments/${file.json.id}`],
    ];
    const persons = [
      ["GET", base],
      ["PATCH", base, { name: "planted" }],
      ["DELETE", base],
      ["GET", `${base}/tokens`],
      ["POST", `${base}/tokens`, { label: "planted" }],
      ["GET", `${base}/snapshot`],
      ["POST", `${base}/commands`, { clientId: "c", commands: [] }],
      ["GET", `${base}/events`],
      ["GET", `/api/events?workspaces=${here.id}`],
      ["GET", `${base}/activity`],
      ["GET", `${base}/agents`],
    ];
    const agents = [
      ["POST", `/mcp/${here.id}?conn=0ZRgCquBZ7R`, { jsonrpc: "2.0", id: 1, method: "ping" }],
      ["POST", `/mcp/${here.id}?words=1`, { jsonrpc: "2.0", id: 1, method: "ping" }],
      ...["mcp", "channel"].flatMap((door) => [
        ["GET", `/${door}/${here.id}`],
        ["POST", `/${door}/${here.id}`, { jsonrpc: "2.0", id: 1, method: "ping" }],
        ["DELETE", `/${door}/${here.id}`],
      ]),
    ];
    for (const [routes, closed] of [
      [both, { none: "session_required", agent: "token_invalid", cookie: "session_required" }],
      [persons, { none: "session_required", agent: "person_only", cookie: "session_required" }],
      [agents, { none: "token_required", agent: "token_invalid", cookie: "token_required" }],
    ])
      for (const [method, path, body] of routes)
        for (const [credentials, code] of [
          [{}, closed.none],
          [{ cookie: "agentrq_session=x" }, closed.cookie],
          [{ cookie: `${me.cookie}x` }, closed.cookie],
          [{ token: forged }, closed.agent],
          [{ token: foreign.token }, closed.agent],
          [{ token: "" }, closed.agent],
        ]) {
          const shown = `${method} ${path} ${JSON.stringify(credentials).slice(0, 60)}`;
          const answer = await ask(method, path, { ...credentials, body });
          if (credentials.token === "") assert.ok([401, 403].includes(answer.status), `${shown}: ${answer.status}`);
          else assert.equal(answer.code, code, shown);
        }
    assert.equal(await snapshot(), earlier);
  });
});

describe("what is not there", () => {
  test("is 404 as a problem document, and a wrong method is 405 with the right ones", async () => {
    for (const path of [
      "/api",
      "/api/nothing",
      "/.well-known/oauth-authorization-server",
      "/.well-known/oauth-protected-resource",
      "/channel",
      "/mcp",
      "/test/panic",
    ]) {
      const response = await ask("GET", path);
      assert.deepEqual(
        [response.status, response.code, response.headers["content-type"]],
        [404, "not_found", "application/problem+json"],
        path,
      );
    }
    const wrong = await ask("PUT", "/api/session");
    assert.deepEqual([wrong.status, wrong.headers.allow], [405, "POST, GET, DELETE"]);
    assert.deepEqual((await ask("GET", "/healthz")).json, { ok: true });
  });
});

// Last: it makes the permanent key wait.
test("wrong keys are slowed down; the key of this start is not held up by them", async () => {
  let last;
  for (let tries = 0; tries < 12; tries += 1)
    last = await ask("POST", "/api/session", { body: { key: `wrong ${tries}` } });
  assert.deepEqual([last.status, last.code], [429, "too_many_requests"]);
  assert.ok(Number(last.headers["retry-after"]) > 0);
  assert.equal((await ask("POST", "/api/session", { body: { key: ownerKey } })).status, 429);
  assert.equal((await ask("POST", "/api/session", { body: { key: server.key } })).status, 200);
});
