// Whoever runs background tasks, as a script: it claims one, reports what it prints, and says how it ended.
import assert from "node:assert/strict";
import { StreamableAgent } from "./agent.mjs";

export class Runner {
  /** @param {{mcpUrl: string, token: string}} token */
  static async connect(room, token, agent = "runner") {
    const client = await StreamableAgent.connect(token.mcpUrl, { agent });
    return Object.assign(new Runner(), { client, room, token, agent });
  }

  /** Asks for a command and begins it; the task as the tools have it. */
  async begins(command, more = {}) {
    const { id } = await this.client.call("TaskCreate", { subject: "Run it", type: "local_bash", command, ...more });
    return this.takes(id);
  }

  /** Begins what another asked for. */
  async takes(taskId) {
    const { task } = await this.client.call("TaskUpdate", { taskId, status: "running" });
    return task;
  }

  /** Reports bytes, whatever comes of it: `{status, headers, body}`. */
  async reports(task, offset, bytes, query = "") {
    const { base, person } = this.room;
    const response = await fetch(
      `${person.url}${base}/tasks/${task.taskId}/output?offset=${offset}&agent=${this.agent}${query}`,
      {
        method: "POST",
        headers: { authorization: `Bearer ${this.token.token}`, "content-type": "application/octet-stream" },
        body: typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes,
      },
    );
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  /** Reports bytes that must be taken; how much there is then. */
  async prints(task, offset, bytes) {
    const { status, body } = await this.reports(task, offset, bytes);
    assert.equal(status, 200, JSON.stringify(body));
    return body.length;
  }

  ends(task, status, exitCode) {
    return this.client.call("TaskUpdate", { taskId: task.id, status, exitCode, fence: task.fence });
  }

  close() {
    return this.client.close();
  }
}

/** What a stream of an output has told so far. */
export const textOf = (stream) =>
  stream.events
    .filter(({ event }) => event === "output")
    .map(({ json }) => json.text)
    .join("");
