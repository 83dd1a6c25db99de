// The product on a workerd of its own, with a person signed in, and rooms in which agents ask and the person answers.
import { startServer } from "../../../scripts/serve.mjs";
import { sse } from "../transports/sse.mjs";
import { dataFolder } from "./data.mjs";
import { timed } from "./series.mjs";
import { Wire } from "./wire.mjs";

export async function startProduct({ connections, ...options } = {}) {
  const { dataDir, forget } = dataFolder();
  const server = await startServer({ port: 0, host: "127.0.0.1", dataDir, quiet: true, ...options });
  const wire = new Wire(server.url, { connections });
  const { headers } = await wire.ask("POST", "/api/session", { key: server.key });
  const cookie = { cookie: headers["set-cookie"][0].split(";")[0] };
  return {
    server,
    wire,
    /** A workspace of its own. */
    async room() {
      const { id } = await wire.must("POST", "/api/workspaces", { name: "Bench" }, cookie);
      return new Room(wire, id, cookie);
    },
    /** The same, with an agent that has asked something. */
    async asked(transport = sse) {
      const room = await this.room();
      await room.connect(transport);
      await room.ask();
      return room;
    },
    async end() {
      wire.end();
      await server.stop();
      forget();
    },
  };
}

/** One workspace: what its person does, and the agent that was connected to it. */
export class Room {
  constructor(wire, id, cookie) {
    Object.assign(this, { wire, cookie, base: `/api/workspaces/${id}` });
  }

  get(path) {
    return this.wire.must("GET", this.base + path, undefined, this.cookie);
  }
  post(path, body) {
    return this.wire.must("POST", this.base + path, body, this.cookie);
  }

  /** A token: `{token, mcpUrl}`. */
  token(label = "bench") {
    return this.post("/tokens", { label });
  }

  /** Connects an agent over a transport; it is the room's agent from now on. */
  async connect(transport = sse) {
    this.credential = await this.token();
    this.agent = await transport.connect(this.wire, this.credential.mcpUrl);
    return this.agent;
  }

  /** The agent asks; `task` is what the person answers from now on. */
  async ask(title = "Question: how long does a reply take?") {
    const result = await this.agent.call("createTask", { title, assignee: "human" });
    this.task = result.structuredContent.task_id;
    return this.task;
  }

  /** Opens the dashboard's stream. */
  async watch(onEvent) {
    this.dashboard = await this.wire.listen(`${this.base}/events`, { headers: this.cookie, onEvent });
    return this.dashboard;
  }

  say(text) {
    return this.post(`/tasks/${this.task}/messages`, { text });
  }

  /** The person answers, the agent has it: how long that took. */
  async reply(mark) {
    const { heard, settled } = await this.agent.expect(mark);
    const start = performance.now();
    const posted = this.say(`A reply of a usual length, some two lines of text. ${mark}`);
    const took = (await heard) - start;
    await posted;
    await settled;
    return took;
  }

  /** The agent asks, the dashboard has it: how long that took. */
  async createTask(mark) {
    const heard = this.dashboard.hears(mark);
    const start = performance.now();
    const called = this.agent.call("createTask", {
      title: `Question: ${mark}`,
      body: "A task of a usual length, some two lines of text.",
      assignee: "human",
    });
    const took = (await heard) - start;
    await called;
    return took;
  }

  agentReads() {
    return timed(() => this.wire.must("GET", `${this.base}/tasks/${this.task}?token=${this.credential.token}`));
  }
  personReads() {
    return timed(() => this.get(`/tasks/${this.task}`));
  }

  close() {
    this.dashboard?.close();
    this.agent?.close();
  }
}
