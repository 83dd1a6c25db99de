// A client that nobody has let in yet, with full control over its headers: Host, Origin and Sec-Fetch-Site among them.
import assert from "node:assert/strict";
import { request } from "node:http";

/** What such a client can ask of a server (as `startServer` gives it): bare requests, and the first steps of a person. */
export function stranger(server) {
  /** One request: `{status, headers, bytes, json, code}` with the body read as JSON where it is JSON, and the code of a problem. */
  function ask(method, path, { headers = {}, body, cookie, key, token } = {}) {
    const json = body !== undefined && !(body instanceof Uint8Array) && typeof body !== "string";
    const all = {
      ...(json ? { "content-type": "application/json" } : {}),
      ...(cookie ? { cookie } : {}),
      ...(key ? { "x-agentrq-session-key": key } : {}),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...headers,
    };
    return new Promise((done, fail) => {
      const sent = request(new URL(path, server.url), { method, headers: all }, (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("error", fail);
        response.on("end", () => {
          const bytes = Buffer.concat(chunks);
          let said;
          try {
            said = JSON.parse(bytes.toString());
          } catch {
            said = undefined;
          }
          done({ status: response.statusCode, headers: response.headers, bytes, json: said, code: said?.code });
        });
      });
      sent.on("error", fail);
      sent.end(json ? JSON.stringify(body) : body);
    });
  }

  async function signIn(options = {}) {
    const response = await ask("POST", "/api/session", { body: { key: server.key }, ...options });
    assert.equal(response.status, 200, JSON.stringify(response.json));
    const [set] = response.headers["set-cookie"];
    return { cookie: set.split(";")[0], key: response.json.sessionKey, set, person: response.json.person };
  }

  /** The headers of a page of this server. */
  const browser = () => ({ origin: new URL(server.url).origin, "sec-fetch-site": "same-origin" });

  async function makeWorkspace(me, name = "Tests") {
    const made = await ask("POST", "/api/workspaces", { ...me, body: { name, mission: "to be tested" } });
    assert.equal(made.status, 201, JSON.stringify(made.json));
    return made.json;
  }

  async function makeToken(me, workspace, label = "laptop") {
    const made = await ask("POST", `/api/workspaces/${workspace.id}/tokens`, { ...me, body: { label } });
    assert.equal(made.status, 201, JSON.stringify(made.json));
    return made.json;
  }

  return { ask, signIn, browser, makeWorkspace, makeToken };
}
