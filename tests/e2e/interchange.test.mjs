// Lists and workspaces leave as JSON Lines and as archives of Claude Code's files, which `tar` unpacks; they come in elsewhere as they were.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { StreamableAgent } from "../lib/agent.mjs";
import { Runner } from "../lib/runner.mjs";
import { settle, startWorld } from "../lib/world.mjs";

let world;
let home;
before(async () => {
  world = await startWorld();
  home = mkdtempSync(join(tmpdir(), "agentrq-interchange-"));
});
after(async () => {
  rmSync(home, { recursive: true, force: true });
  await world.end();
});

const TAR = { "content-type": "application/x-tar" };
const LINES = { "content-type": "application/x-ndjson" };
const OUTPUT = Buffer.from(Array.from({ length: 200_000 }, (_, line) => `line ${line}\n`).join(""));
const FILE = Buffer.from(Uint8Array.from({ length: 2_500_000 }, (_, at) => at % 251));

/** A workspace with a list of work, something that has run, and a question that a person has answered with a file. */
async function workspace() {
  const { person, workspace, room, token } = await settle(world, { name: "Shop" });
  await room.change("", { mission: "Sell it. «é»", enforceDependencies: true });
  const agent = await StreamableAgent.connect(`${token.mcpUrl}&list=my-project`, { agent: "claude" });
  await agent.call("TaskCreate", {
    subject: "Design",
    description: 'All of it:\n\n- 1 "é" 🦀',
    metadata: { priority: "P1", deep: [1.5, null] },
  });
  await agent.call("TaskCreate", {
    subject: "Build",
    description: "As designed",
    activeForm: "Building",
    blockedBy: ["1"],
  });
  await agent.call("TaskCreate", { subject: "Gone", description: "" });
  await agent.call("TaskCreate", { subject: "Drop", description: "Not needed" });
  await agent.call("TaskUpdate", { taskId: "3", status: "deleted" });
  const { tasks } = await room.get("/tasks?list=my-project");
  await agent.call("updateTaskStatus", {
    taskId: tasks.find(({ title }) => title === "Drop").id,
    status: "rejected",
    reason: "Too dear",
  });
  await agent.call("TaskUpdate", { taskId: "1", status: "in_progress", owner: "backend" });
  const asked = await agent.call("createTask", {
    title: "Approve: the colours",
    body: "Red on green?",
    assignee: "human",
  });
  const file = await room.make("/attachments?filename=colours.bin", new Uint8Array(FILE));
  await room.decide(asked.task_id, "approve", "Fine.", { attachments: [file.id] });
  await agent.close();
  const runner = await Runner.connect(room, { ...token, mcpUrl: `${token.mcpUrl}&list=my-project` });
  const task = await runner.begins("seq 200000");
  for (let at = 0; at < OUTPUT.length; at += 700_000) await runner.prints(task, at, OUTPUT.subarray(at, at + 700_000));
  await runner.ends(task, "completed", 0);
  await runner.close();
  return { person, workspace, room, token, ran: task.taskId };
}

async function exported(room, query) {
  const { url, cookie } = room.person;
  const response = await fetch(`${url}${room.base}/export?${query}`, { headers: { cookie } });
  assert.equal(response.status, 200);
  return { bytes: Buffer.from(await response.arrayBuffer()), headers: response.headers };
}

/** Everything that the interface says of a workspace, but for what belongs to connections and to one server. */
async function told(room) {
  const { tasks } = await room.get("/tasks?limit=100");
  const all = [];
  for (const task of tasks) {
    const { messages } = await room.get(`/tasks/${task.id}/messages?limit=100`);
    for (const message of messages) delete message.revision;
    delete task.revision;
    delete task.session;
    if (task.work) {
      delete task.work.holder;
      delete task.work.fence;
    }
    const files = [];
    for (const { id } of messages.flatMap((message) => message.attachments))
      files.push(Buffer.from((await room.ask("GET", `/attachments/${id}`)).body));
    all.push({ task, messages, files });
  }
  const { name, mission, enforceDependencies } = await room.get("");
  return { name, mission, enforceDependencies, all };
}

function unpacked(bytes) {
  const folder = mkdtempSync(join(home, "tar-"));
  writeFileSync(join(folder, "all.tar"), bytes);
  execFileSync("tar", ["-xf", "all.tar"], { cwd: folder });
  return folder;
}

test("a list leaves as the files that Claude Code keeps, with what background tasks have printed beside them", async () => {
  const { room, ran } = await workspace();
  const { bytes, headers } = await exported(room, "list=my-project&format=claude");
  assert.equal(headers.get("content-type"), "application/x-tar");
  assert.match(headers.get("content-disposition"), /filename="my-project\.tar"/);
  const folder = unpacked(bytes);
  const files = readdirSync(join(folder, "my-project")).sort();
  assert.deepEqual(files, [".agentrq", ".highwatermark", "1.json", "2.json", "4.json", "5.json"]);
  assert.equal(readFileSync(join(folder, "my-project/.highwatermark"), "utf8"), "5");
  const first = readFileSync(join(folder, "my-project/1.json"), "utf8");
  const expected = {
    id: "1",
    subject: "Design",
    description: 'All of it:\n\n- 1 "é" 🦀',
    owner: "backend",
    status: "in_progress",
    blocks: ["2"],
    blockedBy: [],
    metadata: { deep: [1.5, null], priority: "P1" },
  };
  assert.equal(first, JSON.stringify(expected, null, 2), "to the byte as Claude Code writes it");
  const second = JSON.parse(readFileSync(join(folder, "my-project/2.json"), "utf8"));
  assert.deepEqual([second.blockedBy, second.activeForm, second.status], [["1"], "Building", "pending"]);
  assert.equal(JSON.parse(readFileSync(join(folder, "my-project/4.json"), "utf8")).status, "completed");
  const background = JSON.parse(readFileSync(join(folder, `${ran}.json`), "utf8"));
  assert.deepEqual(
    [background.id, background.type, background.status, background.command, background.exitCode],
    [ran, "local_bash", "completed", "seq 200000", 0],
  );
  assert.ok(readFileSync(join(folder, `${ran}.output`)).equals(OUTPUT));
});

for (const [format, headers] of [
  ["jsonl", LINES],
  ["claude", TAR],
]) {
  test(`a whole workspace comes in elsewhere as it was: ${format}`, async () => {
    const { person, room } = await workspace();
    const before = await told(room);
    const { bytes } = await exported(room, `format=${format}`);
    const other = person.room((await person.make("/api/workspaces", { name: "New" })).id);
    const answer = await other.make("/import", new Uint8Array(bytes), headers);
    assert.deepEqual(answer, { imported: 5, already: 0, files: 1, renumbered: [], passedOver: [] });
    assert.deepEqual(await told(other), before);
    const again = await other.make("/import", new Uint8Array(bytes), headers);
    assert.deepEqual([again.imported, again.already], [0, 5]);
    assert.deepEqual(await told(other), before, "the same once more changes nothing");
    const agent = await StreamableAgent.connect(
      `${(await other.make("/tokens", { label: "a" })).mcpUrl}&list=my-project`,
      { agent: "a" },
    );
    const made = await agent.call("TaskCreate", { subject: "Next", description: "" });
    assert.equal(made.id, "6", "numbers go on from where they were");
    await agent.close();
  });
}

test("files that tar has packed, and nothing else knows of, become a list; numbers that are taken are refused or become others", async () => {
  const { room } = await settle(world);
  const folder = mkdtempSync(join(home, "list-"));
  const file = (id, more) =>
    JSON.stringify(
      { id, subject: `Task ${id}`, description: "", status: "pending", blocks: [], blockedBy: [], ...more },
      null,
      2,
    );
  execFileSync("mkdir", ["-p", join(folder, "team")]);
  writeFileSync(join(folder, "team/1.json"), file("1", { status: "completed", blocks: ["2"] }));
  writeFileSync(join(folder, "team/2.json"), file("2", { blockedBy: ["1"], owner: "a" }));
  writeFileSync(join(folder, "team/.lock"), "");
  execFileSync("tar", ["-cf", "team.tar", "team"], { cwd: folder });
  const bytes = new Uint8Array(readFileSync(join(folder, "team.tar")));
  const answer = await room.make("/import", bytes, TAR);
  assert.deepEqual([answer.imported, answer.passedOver], [2, ["team/.lock"]]);
  const found = await room.get("/tasks?list=team");
  assert.deepEqual(
    found.tasks
      .map(({ title, status, work }) => [title, status, work.number, work.wave ?? null, work.owner ?? null])
      .sort(),
    [
      ["Task 1", "completed", 1, null, null],
      ["Task 2", "notstarted", 2, 1, "a"],
    ],
  );
  assert.equal((await room.make("/import", bytes, TAR)).already, 2);

  writeFileSync(join(folder, "team/1.json"), file("1", { subject: "Another" }));
  writeFileSync(join(folder, "team/2.json"), file("2", { blockedBy: ["1"], subject: "Second" }));
  execFileSync("tar", ["-cf", "team.tar", "team"], { cwd: folder });
  const others = new Uint8Array(readFileSync(join(folder, "team.tar")));
  const refused = await room.ask("POST", "/import", others, TAR);
  assert.deepEqual([refused.status, refused.body.code, refused.body.at], [409, "number_taken", "team/1.json"]);
  assert.equal((await room.get("/tasks?list=team")).tasks.length, 2, "nothing of it was stored");
  const renumbered = await room.make("/import?numbers=new", others, TAR);
  assert.deepEqual(
    renumbered.renumbered.map(({ list, from, to }) => [list, from, to]),
    [
      ["team", 1, 3],
      ["team", 2, 4],
    ],
  );
  const elsewhere = await room.make("/import?list=copy", others, TAR);
  assert.equal(elsewhere.imported, 2, "under another list they are other tasks");

  writeFileSync(join(folder, "team/1.json"), file("1", { blockedBy: ["2"], subject: "Round" }));
  execFileSync("tar", ["-cf", "team.tar", "team"], { cwd: folder });
  const round = await room.ask(
    "POST",
    "/import?list=round",
    new Uint8Array(readFileSync(join(folder, "team.tar"))),
    TAR,
  );
  assert.deepEqual([round.status, round.body.code], [409, "dependency_cycle"]);
  assert.match(round.body.detail, /#1 → #2 → #1|#2 → #1 → #2/);
  execFileSync("gzip", ["-k", "team.tar"], { cwd: folder });
  const packed = await room.ask("POST", "/import", new Uint8Array(readFileSync(join(folder, "team.tar.gz"))), TAR);
  assert.equal(packed.status, 400);
  assert.match(packed.body.detail, /not compressed|breaks off/);
});

test("who may: people everything, an agent one list, and only with a token that opens everything", async () => {
  const { person, workspace: here, room, token } = await workspace();
  const url = `${person.url}/api/workspaces/${here.id}`;
  const as = async (who, method, path, body) => {
    const authorization = `Bearer ${who.token}`;
    const response = await fetch(url + path, { method, body, headers: { authorization, ...(body ? LINES : {}) } });
    return { status: response.status, text: await response.text() };
  };
  const code = ({ status, text }) => [status, JSON.parse(text).code];
  const lines = await as(token, "GET", "/export?list=my-project");
  assert.equal(lines.status, 200);
  assert.deepEqual(code(await as(token, "GET", "/export")), [403, "person_only"]);
  assert.deepEqual(code(await as(token, "POST", "/import", lines.text)), [403, "person_only"]);
  for (const scope of ["ask", "read"]) {
    const narrow = await room.make("/tokens", { label: scope, scopes: [scope] });
    assert.deepEqual(code(await as(narrow, "GET", "/export?list=my-project")), [403, "scope_required"]);
    assert.deepEqual(code(await as(narrow, "POST", "/import?list=my-project", lines.text)), [403, "scope_required"]);
  }
  assert.equal((await fetch(`${url}/export`)).status, 401);
  assert.equal((await fetch(`${url}/import`, { method: "POST", headers: LINES, body: lines.text })).status, 401);
  const other = person.room((await person.make("/api/workspaces", { name: "New" })).id);
  const theirs = await other.make("/tokens", { label: "laptop" });
  const there = `${person.url}${other.base}`;
  const brought = await fetch(`${there}/import?list=mine`, {
    method: "POST",
    body: lines.text,
    headers: { authorization: `Bearer ${theirs.token}`, ...LINES },
  });
  assert.equal(brought.status, 200, await brought.text());
  const { tasks } = await other.get("/tasks?list=mine");
  assert.ok(tasks.length === 4 && tasks.every(({ createdBy }) => createdBy.kind === "agent"));
  const decided = await as(token, "POST", "/import?list=my-project", (await exported(room, "format=jsonl")).bytes);
  assert.ok(decided.status >= 400, "what people have decided is no agent's to bring");
});

test("what cannot be brought in is refused with its place, and leaves nothing", async () => {
  const { room } = await settle(world);
  const ask = (body, headers = LINES, query = "") =>
    room.ask("POST", `/import${query}`, new TextEncoder().encode(body), headers);
  const told = async (asked) => {
    const { status, body } = await asked;
    return `${status} ${body.code}: ${body.detail}`;
  };
  const head = '{"type":"agentrq","version":1,"cursor":"e-1-t","at":"2026-11-30T00:00:00Z"}\n';
  const end = '{"type":"end","cursor":"e-1-t"}\n';
  assert.match(await told(ask("{}", { "content-type": "application/json" })), /^415 unsupported_media_type/);
  assert.match(await told(ask("{}", { "content-type": "text/plain" })), /^415 unsupported_media_type/);
  assert.match(await told(ask(head + end, LINES, "?numbers=any")), /^400 bad_request: numbers: keep or new/);
  assert.match(await told(ask(head + end, LINES, "?list=%20%20a/b%20&numbers=new")), /^200/);
  assert.match(await told(ask('{"type":"end"}')), /^400 invalid: line 1: line: /);
  assert.match(await told(ask(head)), /^400 invalid: the end: .*broken off/);
  assert.match(await told(ask(`${head}{"type":"task"}\n${end}`)), /^400 invalid: line 2: line: `id` is missing/);
  assert.match(await told(room.ask("GET", "/export?format=zip")), /^400 bad_request: format: jsonl or claude/);
  assert.match(await told(room.ask("GET", "/export?list=none")), /^404 not_found: there is no list none/);
  assert.equal((await room.get("/tasks")).tasks.length, 0);
});

test("two imports at once are taken in and no third, until one of them is done", async () => {
  const { person, workspace, room, token } = await settle(world, { name: "Busy" });
  const head = `{"type":"agentrq","version":1,"cursor":"","at":"2026-01-01T00:00:00Z"}\n`;
  const held = [];
  const begin = (who, query = "") => {
    let control;
    const body = new ReadableStream({ start: (it) => void (control = it) });
    control.enqueue(Buffer.from(head));
    held.push(control);
    return fetch(`${world.url}/api/workspaces/${workspace.id}/import${query}`, {
      method: "POST",
      headers: { ...LINES, ...who },
      body,
      duplex: "half",
    });
  };
  const ada = { cookie: person.cookie };
  // Agents that send slowly keep no person out.
  const agent = { authorization: `Bearer ${token.token}` };
  const slow = [begin(agent, "?list=main"), begin(agent, "?list=main")];
  const [one, two] = [begin(ada), begin(ada)];
  const whole = Buffer.from(`${head}{"type":"end","cursor":""}\n`);
  let third;
  for (const end = Date.now() + 10_000; third?.status !== 429; await sleep(50)) {
    assert.ok(Date.now() < end, "two are under way");
    third = await room.ask("POST", "/import", whole, LINES);
  }
  assert.deepEqual([third.body.code, third.body.limit], ["too_many_requests", 2]);
  held[2].enqueue(Buffer.from(`{"type":"end","cursor":""}\n`));
  held[2].close();
  assert.equal((await one).status, 200);
  assert.equal((await room.ask("POST", "/import", whole, LINES)).status, 200);
  for (const place of [0, 1, 3]) held[place].error(new Error("it broke off"));
  for (const broken of [...slow, two]) await assert.rejects(broken);
});
