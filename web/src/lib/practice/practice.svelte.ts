// The practice agent of this page: it comes with a token of its own, lives through its script, and takes what is its own away when it goes.
import { asProblem, type Problem } from "../api/problem";
import { createToken, listTokens, revokeToken, workspacePath } from "../api/workspaces";
import type { Id } from "../model/types";
import { belongs, STORED } from "../state/belongings";
import type { WorkspaceStore } from "../state/workspace.svelte";
import { Backoff } from "../sync/backoff";
import { isKeptOut } from "../sync/replica";
import { count } from "../text/format";
import { practiceIn, PRACTICE_AGENT } from "./known";
import { McpClient, ToolError } from "./mcp";
import { answer, APPROVAL, QUESTION, question, type Act, type Filed, type Told } from "./script";

/** It asks people, and nothing else: no more than that is opened to it. */
const TERMS = { label: PRACTICE_AGENT, expiresInDays: 1, scopes: ["ask"] } as const;
const INFO = { name: "agentrq-practice", title: PRACTICE_AGENT, version: "1" };
interface Waited {
  messages: Told[];
  cursor: string | null;
}

class Practice {
  /** The workspace in which it is at work, from this page. */
  workspace = $state<Id | null>(null);
  coming = $state(false);
  leaving = $state(false);
  problem = $state.raw<Problem | null>(null);
  /** What went with it, by workspace: said until somebody has read it. */
  farewell = $state.raw<{ workspace: Id; words: string } | null>(null);
  /** Taken away from this page: its streams may take a minute to be known as gone. */
  takenFrom = $state<Id | null>(null);
  #stop: AbortController | null = null;
  #client: McpClient | null = null;

  constructor() {
    addEventListener("pagehide", () => void this.#client?.close());
  }

  /** Was it here before this page was loaded? */
  hasLeft(workspace: Id): boolean {
    return this.workspace !== workspace && this.#leftIn() === workspace;
  }

  async start(store: WorkspaceStore): Promise<void> {
    if (this.coming || this.workspace !== null) return;
    this.coming = true;
    this.problem = null;
    this.farewell = null;
    this.takenFrom = null;
    const stop = new AbortController();
    this.#stop = stop;
    try {
      await this.#revokeAll(store.id);
      const { token } = await createToken(store.id, TERMS);
      if (stop.signal.aborted) return;
      // Not the address that others are given: this page reaches its own server under its own origin.
      const client = new McpClient(
        workspacePath(store.id).replace("/api/workspaces", "/mcp"),
        token,
        INFO,
        stop.signal,
      );
      this.#remember(store.id);
      await client.connect();
      const filed = await this.#begin(client, store);
      if (stop.signal.aborted) return;
      this.#client = client;
      this.workspace = store.id;
      void this.#live(client, filed);
    } catch (error) {
      if (!stop.signal.aborted) this.problem = asProblem(error);
      stop.abort();
    } finally {
      this.coming = false;
    }
  }

  /** Takes it away: its token, and what it has filed that is still open. */
  async leave(store: WorkspaceStore): Promise<void> {
    this.leaving = true;
    this.problem = null;
    try {
      await this.#end();
      const revoked = await this.#revokeAll(store.id);
      const { open, finished } = practiceIn(store);
      for (const task of open) store.do({ type: "deleteTask", task: task.id });
      this.#remember(null);
      this.takenFrom = store.id;
      const words = [
        "The practice agent is gone.",
        ...(revoked > 0 ? [`Its ${revoked === 1 ? "token is" : "tokens are"} revoked.`] : []),
        ...(open.length > 0
          ? [`${count(open.length, "open task")} of its own ${open.length === 1 ? "is" : "are"} deleted.`]
          : []),
        ...(finished.length > 0
          ? [`${count(finished.length, "finished task")} ${finished.length === 1 ? "stays" : "stay"} under Tasks.`]
          : []),
      ];
      this.farewell = { workspace: store.id, words: words.join(" ") };
    } catch (error) {
      this.problem = asProblem(error);
    } finally {
      this.leaving = false;
    }
  }

  /** Whoever it came to signs out: it goes first, and its token, which only they can revoke. What it has filed stays. */
  async end(): Promise<void> {
    const workspace = this.workspace ?? this.#leftIn();
    if (workspace === null) return;
    await this.#end();
    try {
      await this.#revokeAll(workspace);
    } catch (error) {
      // There is nothing to be revoked with, or in.
      if (!(await isKeptOut(asProblem(error)))) throw error;
    }
    this.#remember(null);
  }

  /** They are gone, by whatever way. */
  forget(): void {
    void this.#end();
    this.#remember(null);
    this.problem = this.farewell = this.takenFrom = null;
  }

  /** Goes on where an earlier one was, or files the first ask. */
  async #begin(client: McpClient, store: WorkspaceStore): Promise<Filed> {
    const { open } = practiceIn(store);
    const known = (title: string): Id | null => open.find((task) => task.title === title)?.id ?? null;
    const filed: Filed = { approval: known(APPROVAL.title), question: known(QUESTION.title) };
    if (filed.approval === null && filed.question === null) filed.approval = await this.#file(client, APPROVAL);
    return filed;
  }

  /** It asks, and says that it goes on meanwhile. */
  async #file(client: McpClient, ask: object): Promise<Id> {
    const { task_id: task } = await client.call<{ task_id: Id }>("createTask", ask);
    await client.call("updateTaskStatus", { task_id: task, status: "ongoing" });
    return task;
  }

  async #live(client: McpClient, filed: Filed): Promise<void> {
    const backoff = new Backoff();
    let cursor: string | null = null;
    while (!client.signal.aborted) {
      try {
        const waited: Waited = await client.call<Waited>("waitForMessages", { cursor });
        for (const told of waited.messages) for (const act of answer(told, filed)) await this.#act(client, act, filed);
        // Said with the next call: what it held has been read, and done.
        cursor = waited.cursor;
        backoff.reset();
      } catch (error) {
        if (client.signal.aborted) return;
        const problem = asProblem(error);
        if (await isKeptOut(problem)) {
          // Its token was taken away elsewhere.
          await this.#end();
          return;
        }
        await new Promise((done) => setTimeout(done, backoff.next()));
      }
    }
  }

  async #act(client: McpClient, act: Act, filed: Filed): Promise<void> {
    try {
      if (act.do === "reply")
        await client.call("reply", {
          chat_id: act.task,
          text: act.text,
          in_reply_to: act.to,
          needs_answer: act.needsAnswer,
        });
      else if (act.do === "complete") await client.call("updateTaskStatus", { task_id: act.task, status: "completed" });
      else {
        const tools = await client.tools();
        const createTask = tools.find(({ name }) => name === "createTask");
        filed.question = await this.#file(client, question("options" in (createTask?.inputSchema.properties ?? {})));
      }
    } catch (error) {
      // The task has been closed or deleted meanwhile: there is nothing left to say on it.
      if (!(error instanceof ToolError)) throw error;
    }
  }

  async #end(): Promise<void> {
    const client = this.#client;
    this.workspace = null;
    this.#stop?.abort();
    this.#stop = this.#client = null;
    await client?.close();
  }

  async #revokeAll(workspace: Id): Promise<number> {
    const own = (await listTokens(workspace)).filter(({ label }) => label === PRACTICE_AGENT);
    for (const { id } of own) await revokeToken(workspace, id);
    return own.length;
  }

  /** In which workspace this tab's agent was: it does not outlive a reload, and the tab that comes back knows. */
  #leftIn(): Id | null {
    try {
      return sessionStorage.getItem(STORED.practice);
    } catch {
      return null; // without storage nobody remembers
    }
  }

  #remember(workspace: Id | null): void {
    try {
      if (workspace === null) sessionStorage.removeItem(STORED.practice);
      else sessionStorage.setItem(STORED.practice, workspace);
    } catch {
      // as above
    }
  }
}

export const practice = new Practice();
belongs(practice);
