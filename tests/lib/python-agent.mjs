// An agent like `Agent`, but with Python's official client, in a process of its own.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { testPython } from "../../scripts/setup/python.mjs";
import { Agent } from "./agent.mjs";

const script = fileURLToPath(new URL("python_agent.py", import.meta.url));

export class PythonAgent extends Agent {
  #calls = new Map();
  #last = 0;
  #log = "";

  static async connect(mcpUrl, { name = "test-agent", agent } = {}) {
    const self = new PythonAgent();
    const url = new URL(mcpUrl);
    if (agent) url.searchParams.set("agent", agent);
    self.process = spawn(process.env.AGENTRQ_PYTHON ?? (await testPython()), [script, url.href, name]);
    self.process.stderr.on("data", (chunk) => (self.#log += chunk));
    self.exited = new Promise((done) => self.process.on("exit", done));
    await new Promise((ready, fail) => {
      self.exited.then(() => {
        const error = new Error(`the Python agent ended: ${self.#log.slice(-2_000)}`);
        fail(error);
        for (const call of self.#calls.values()) call.fail(error);
      });
      createInterface(self.process.stdout).on("line", (line) => {
        const { id, result, error, heard } = JSON.parse(line);
        if (heard) self.heard.push({ ...heard, at: performance.now() });
        else if (id === undefined) ready();
        else if (error) self.#calls.get(id).fail(new Error(error));
        else self.#calls.get(id).done(result);
      });
    });
    return self;
  }

  try(tool, args = {}) {
    const id = (this.#last += 1);
    this.process.stdin.write(`${JSON.stringify({ id, tool, arguments: args })}\n`);
    return new Promise((done, fail) => this.#calls.set(id, { done, fail }));
  }

  async close() {
    this.process.stdin.end();
    const late = setTimeout(() => this.process.kill("SIGKILL"), 3_000);
    await this.exited;
    clearTimeout(late);
  }
}
