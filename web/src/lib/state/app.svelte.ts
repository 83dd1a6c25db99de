// Who is signed in, which workspaces they have, and the one workspace that is open.
import { asProblem, type Problem } from "../api/problem";
import { keepSessionKey, whenSignedOut } from "../api/http";
import { signIn, signOut, whoAmI } from "../api/session";
import { listWorkspaces } from "../api/workspaces";
import type { Person, Workspace } from "../model/types";
import { WorkspaceStore } from "./workspace.svelte";

const LAST_WORKSPACE = "agentrq.last-workspace";

class App {
  phase = $state<"unknown" | "in" | "out">("unknown");
  person = $state.raw<Person | null>(null);
  workspaces = $state.raw<Workspace[] | null>(null);
  problem = $state.raw<Problem | null>(null);
  open = $state.raw<WorkspaceStore | null>(null);
  /** Where to go on after signing in. */
  wanted: string | null = null;

  constructor() {
    whenSignedOut(() => this.#signedOut());
  }

  async start(): Promise<void> {
    this.problem = null;
    try {
      this.person = await whoAmI();
      this.phase = "in";
    } catch (error) {
      const problem = asProblem(error);
      if (problem.status === 401 || problem.status === 403) this.phase = "out";
      else this.problem = problem;
    }
  }

  async signIn(key: string): Promise<void> {
    this.person = await signIn(key);
    this.problem = null;
    this.phase = "in";
  }

  async signOut(): Promise<void> {
    await signOut();
    this.#signedOut();
    this.wanted = null;
  }

  #signedOut(): void {
    this.close();
    keepSessionKey(null);
    this.person = null;
    this.workspaces = null;
    this.phase = "out";
  }

  async loadWorkspaces(): Promise<Workspace[]> {
    this.problem = null;
    try {
      this.workspaces = await listWorkspaces();
      return this.workspaces;
    } catch (error) {
      this.problem = asProblem(error);
      return [];
    }
  }

  /** The store of this workspace: the open one, or a fresh one in its place. */
  enter(id: string): WorkspaceStore {
    if (this.open?.id === id) return this.open;
    this.close();
    const store = new WorkspaceStore(id);
    this.open = store;
    try {
      localStorage.setItem(LAST_WORKSPACE, id);
    } catch {
      // the next visit starts at the list
    }
    void store.start();
    return store;
  }

  close(): void {
    this.open?.stop();
    this.open = null;
  }

  get lastWorkspace(): string | null {
    try {
      return localStorage.getItem(LAST_WORKSPACE);
    } catch {
      return null;
    }
  }
}

export const app = new App();
