// An agent in a process of its own, in whatever language: orders go in and what comes of them out, as lines of JSON.
//
// In: `{id, do: "call", tool, arguments}`, `{id, do: "read", uri}`, `{id, do: "watch", uri}`. Out, once: `{revision}` when it is connected. Then
// `{id, result}` or `{id, error}` for each order, `{heard}` for each channel event and `{updated}` for each resource that changed.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { Agent } from "./agent.mjs";

export class ProcessAgent extends Agent {
  #orders = new Map();
  #last = 0;
  #log = "";
  #over;

  /** Starts the process; resolves once it says that it is connected. */
  async start(command, args) {
    this.process = spawn(command, args);
    this.process.stderr.on("data", (chunk) => (this.#log += chunk));
    this.exited = new Promise((done) => this.process.on("exit", done));
    await new Promise((ready, fail) => {
      this.exited.then(() => {
        this.#over = new Error(`the agent's process ended: ${this.#log.slice(-2_000)}`);
        fail(this.#over);
        for (const order of this.#orders.values()) order.fail(this.#over);
      });
      createInterface(this.process.stdout).on("line", (line) => {
        const message = JSON.parse(line);
        if (message.revision) ready((this.revision = message.revision));
        else this.#take(message);
      });
    });
    return this;
  }

  #take({ id, result, error, heard, updated }) {
    if (heard) this.notice({ method: "notifications/claude/channel", params: heard });
    else if (updated) this.notice({ method: "notifications/resources/updated", params: { uri: updated } });
    else if (error) this.#orders.get(id).fail(new Error(error));
    else this.#orders.get(id).done(result);
  }

  #order(order) {
    if (this.#over) return Promise.reject(this.#over);
    const id = (this.#last += 1);
    this.process.stdin.write(`${JSON.stringify({ id, ...order })}\n`);
    return new Promise((done, fail) => this.#orders.set(id, { done, fail }));
  }

  try(tool, args = {}) {
    return this.#order({ do: "call", tool, arguments: args });
  }

  readResource(uri) {
    return this.#order({ do: "read", uri });
  }

  watch(uri) {
    return this.#order({ do: "watch", uri });
  }

  async close() {
    this.process.stdin.end();
    const late = setTimeout(() => this.process.kill("SIGKILL"), 3_000);
    await this.exited;
    clearTimeout(late);
  }
}
