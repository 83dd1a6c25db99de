// Files both ways between agents and people, byte by byte the same, in each of the ways they can go.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { request } from "node:http";
import { after, before, describe, test } from "node:test";
import { Agent } from "../lib/agent.mjs";
import { settle, startWorld } from "../lib/world.mjs";

const mib = 1024 * 1024;
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const base64 = (bytes) => Buffer.from(bytes).toString("base64");

let world, room, token, agent;
before(async () => {
  world = await startWorld();
  ({ room, token } = await settle(world));
  agent = await Agent.connect(token.mcpUrl);
});
after(async () => {
  await agent?.close();
  await world?.end();
});

/** The files of a task's first message, as people see them, each with its bytes. */
async function filesOf(task) {
  const [{ attachments }] = (await room.get(`/tasks/${task}/messages`)).messages;
  return Promise.all(attachments.map(async (file) => ({ ...file, bytes: await room.get(`/attachments/${file.id}`) })));
}

describe("from an agent to a person", () => {
  test("files ride in a call as base64, up to 4 MiB in all", async () => {
    const files = [
      { id: "att_001", filename: "empty", mimeType: "text/plain", bytes: Buffer.alloc(0) },
      { id: "att_001", filename: "every byte.bin", mimeType: "image/png", bytes: Buffer.from([...Array(256).keys()]) },
      { filename: "Zoë's 日本 🦀.log", bytes: randomBytes(4 * mib - 256) },
    ];
    const { task_id } = await agent.call("createTask", {
      title: "Review: three files",
      assignee: "human",
      attachments: files.map(({ bytes, ...file }) => ({ ...file, data: base64(bytes) })),
    });
    const got = await filesOf(task_id);
    assert.deepEqual(
      got.map(({ filename, mimeType, size, sha256 }) => ({ filename, mimeType, size, sha256 })),
      files.map(({ filename, mimeType, bytes }) => ({
        filename,
        mimeType: mimeType ?? "application/octet-stream",
        size: bytes.length,
        sha256: sha256(bytes),
      })),
    );
    for (const [at, { bytes }] of got.entries()) assert.equal(sha256(bytes), sha256(files[at].bytes));
    assert.equal(new Set(got.map(({ id }) => id)).size, 3, "ids that agents make up are replaced by minted ones");
  });

  test("base64 is read as agents write it", async () => {
    const bytes = Buffer.from("fbff00fe", "hex");
    const written = [base64(bytes), bytes.toString("base64url"), base64(bytes).replace(/(..)/g, "$1\r\n "), "+/8A/g"];
    const { task_id } = await agent.call("createTask", {
      title: "Forms of base64",
      attachments: written.map((data, at) => ({ filename: `${at}`, data })),
    });
    for (const file of await filesOf(task_id)) assert.deepEqual(Buffer.from(file.bytes), bytes, file.filename);
  });

  test("larger ones, up to 25 MiB, go to the address that the tool itself names", async () => {
    const { tools } = await agent.client.listTools();
    const { description } = tools.find(({ name }) => name === "createTask");
    const [address] = /https?:\/\/\S+\/attachments/.exec(description);
    const bytes = randomBytes(25 * mib);
    const put = await fetch(`${address}?filename=${encodeURIComponent("core dump.bin")}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token.token}`, "content-type": "application/octet-stream" },
      body: bytes,
    });
    assert.equal(put.status, 201);
    const { id } = await put.json();
    // By its id alone, or as an object, as the schema says.
    const { task_id } = await agent.call("createTask", { title: "Review: a dump", attachments: [id, { id }] });
    const files = await filesOf(task_id);
    assert.deepEqual(
      files.map((file) => [file.id, file.filename, file.size, sha256(file.bytes)]),
      [[id, "core dump.bin", bytes.length, sha256(bytes)]],
    );
  });

  test("what is broken off on its way up leaves nothing that could be named", async () => {
    const sent = request(`${world.url}${room.base}/attachments?filename=half`, {
      method: "POST",
      headers: { authorization: `Bearer ${token.token}`, "content-length": 20 * mib },
    });
    const gone = new Promise((done) => sent.on("error", done));
    await new Promise((done) => sent.write(randomBytes(3 * mib), done));
    sent.destroy(new Error("the network is gone"));
    await gone;
    // The workspace goes on as if nothing had been sent.
    const put = await room.make("/attachments?filename=whole", randomBytes(10));
    assert.equal(put.size, 10);
  });
});

describe("from a person to an agent", () => {
  let task;
  before(
    async () => ({ task_id: task } = await agent.call("createTask", { title: "Question: files?", assignee: "human" })),
  );

  /** A person answers with a file; the agent gets its id with the answer. */
  async function answer(filename, type, bytes) {
    const file = await room.make(`/attachments?filename=${encodeURIComponent(filename)}`, bytes, {
      "content-type": type,
    });
    const reply = await room.make(`/tasks/${task}/messages`, { text: "here", attachments: [file.id] });
    const heard = await agent.hears(({ meta }) => meta.message_id === reply.id);
    assert.ok(heard.content.endsWith(`\n- id=${file.id} name=${filename} type=${type}`), heard.content);
    return file.id;
  }

  test("the answer names the file, and downloadAttachment returns it byte by byte", async () => {
    for (const [filename, type, bytes] of [
      ["empty.txt", "text/plain", Buffer.alloc(0)],
      ["Zoë's 日本 🦀.png", "image/png", Buffer.from([...Array(256).keys()])],
      ["four.bin", "application/octet-stream", randomBytes(4 * mib)],
    ]) {
      const id = await answer(filename, type, bytes);
      const got = await agent.call("downloadAttachment", { attachment_id: id });
      assert.deepEqual([got.filename, got.mimeType, got.size], [filename, type, bytes.length]);
      assert.equal(sha256(Buffer.from(got.data, "base64")), sha256(bytes));
    }
  });

  test("a client that knows no structured content finds the same in the text, or where to fetch it", async () => {
    for (const [bytes, isHere] of [
      [randomBytes(100_000), true],
      [randomBytes(2 * mib), false],
    ]) {
      const id = await answer("x.bin", "application/octet-stream", bytes);
      const { content } = await agent.try("downloadAttachment", { attachment_id: id });
      const said = JSON.parse(content.at(-1).text);
      assert.deepEqual([said.filename, said.size, said.url === undefined], ["x.bin", bytes.length, isHere]);
      const got = isHere
        ? Buffer.from(said.data, "base64")
        : new Uint8Array(
            await (await fetch(said.url, { headers: { authorization: `Bearer ${token.token}` } })).arrayBuffer(),
          );
      assert.equal(sha256(got), sha256(bytes));
    }
  });

  test("what is too large for an answer, up to 25 MiB, is fetched with the token from the address it names", async () => {
    const bytes = randomBytes(25 * mib);
    const id = await answer("large.bin", "application/octet-stream", bytes);
    const got = await agent.call("downloadAttachment", { attachment_id: id });
    assert.deepEqual([got.data, got.size], [undefined, bytes.length]);
    assert.equal((await fetch(got.url)).status, 401, "the address alone opens nothing");
    const file = await fetch(got.url, { headers: { authorization: `Bearer ${token.token}` } });
    assert.equal(sha256(new Uint8Array(await file.arrayBuffer())), sha256(bytes));
  });

  test("files of another workspace stay there", async () => {
    const other = await settle(world);
    const file = await other.room.make("/attachments?filename=secret", randomBytes(10));
    const { isError } = await agent.try("downloadAttachment", { attachment_id: file.id });
    assert.equal(isError, true);
    const address = `${world.url}${room.base}/attachments/${file.id}`;
    assert.equal((await fetch(address, { headers: { authorization: `Bearer ${token.token}` } })).status, 404);
    const elsewhere = `${world.url}${other.room.base}/attachments/${file.id}`;
    assert.equal((await fetch(elsewhere, { headers: { authorization: `Bearer ${token.token}` } })).status, 401);
  });
});
