// `npm start` as a person or a script meets it: the two lines, its refusals, and its end.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { root } from "../../scripts/lib/paths.mjs";
import { isAlive, sleep } from "../../scripts/lib/run.mjs";

const linesOf =
  /^AgentRQ ready: (?<url>http:\/\/127\.0\.0\.1:(?<port>\d+)\/)\nSign in: \k<url>sign-in#key=(?<key>[\w-]{43})$/m;

/** Starts the product the way a person does; `output()` is everything it has printed so far. */
function start(env) {
  const child = spawn("npm", ["start", "--silent"], { cwd: root, env: { ...process.env, PORT: "0", ...env } });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const exited = new Promise((done) => child.on("exit", (code, signal) => done({ code, signal })));
  return { child, exited, output: () => output };
}

async function until(condition, limitMs, what) {
  const deadline = Date.now() + limitMs;
  while (!condition()) {
    assert.ok(Date.now() < deadline, what());
    await sleep(20);
  }
}

async function ready(run) {
  await until(
    () => linesOf.test(run.output()),
    20_000,
    () => `no ready line in: ${run.output()}`,
  );
  return linesOf.exec(run.output()).groups;
}

const workerdOf = (dataDir) => JSON.parse(readFileSync(join(dataDir, "server.json"), "utf8")).workerd;

describe("npm start", () => {
  let dataDir;
  before(() => (dataDir = mkdtempSync(join(tmpdir(), "agentrq-start-"))));
  after(() => rmSync(dataDir, { recursive: true, force: true }));
  const starting = (env = {}) => start({ AGENTRQ_DATA: dataDir, ...env });

  test("prints its two lines once it answers, with a new key each time", async () => {
    const keys = [];
    for (let i = 0; i < 2; i++) {
      const run = starting();
      const { url, key } = await ready(run);
      assert.equal((await fetch(new URL("healthz", url))).status, 200);
      keys.push(key);
      run.child.kill("SIGTERM");
      await run.exited;
    }
    assert.notEqual(keys[0], keys[1]);
  });

  test("keeps its secret to itself", async () => {
    const file = join(dataDir, "server.secret");
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const run = starting();
    const { key } = await ready(run);
    const secret = readFileSync(file, "utf8").trim();
    if (process.platform === "linux") {
      const args = readFileSync(`/proc/${workerdOf(dataDir)}/cmdline`, "utf8");
      assert.ok(!args.includes(secret) && !args.includes(key), "a secret stands in the process list");
    }
    run.child.kill("SIGTERM");
    await run.exited;
  });

  for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"]) {
    test(`${signal} ends it within 3 s, a connection being open, and leaves no workerd`, async () => {
      const run = starting();
      const { port } = await ready(run);
      const workerd = workerdOf(dataDir);
      const socket = connect(Number(port), "127.0.0.1").on("error", () => {});
      socket.write("POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n");
      await sleep(100);
      run.child.kill(signal);
      await until(
        () => !isAlive(workerd),
        3_000,
        () => "workerd is still there",
      );
      await run.exited;
      socket.destroy();
    });
  }

  test("refuses a data folder that is being served", async () => {
    const first = starting();
    await ready(first);
    const second = starting();
    assert.equal((await second.exited).code, 1);
    assert.match(second.output(), /already served at http/);
    first.child.kill("SIGTERM");
    await first.exited;
  });

  test("names the port that is taken", async () => {
    const taken = createServer();
    await new Promise((done) => taken.listen(0, "127.0.0.1", done));
    const { port } = taken.address();
    const run = starting({ PORT: String(port) });
    assert.equal((await run.exited).code, 1);
    assert.match(run.output(), new RegExp(`Port ${port} is in use`));
    taken.close();
  });

  for (const [name, value] of [
    ["PORT", "http"],
    ["PORT", "70000"],
    ["AGENTRQ_PUBLIC_URL", "example.org"],
  ]) {
    test(`says what is wrong with ${name}=${value}`, async () => {
      const run = starting({ [name]: value });
      assert.equal((await run.exited).code, 1);
      assert.match(run.output(), new RegExp(`${name}=${value} is no `));
    });
  }
});
