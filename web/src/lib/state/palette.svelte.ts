// Whether the command palette is open, and what it was asked for.
import type { Task } from "../model/types";
import type { WorkspaceStore } from "./workspace.svelte";

export interface PaletteScope {
  /** Only what can be done with this task: its id, or its number. */
  task: string;
}

class PaletteState {
  open = $state(false);
  scope = $state.raw<PaletteScope | null>(null);
  /** A task for whose end a reason is asked, after the palette has closed. */
  callingOff = $state.raw<{ store: WorkspaceStore; task: Task } | null>(null);

  show(scope: PaletteScope | null = null): void {
    this.scope = scope;
    this.open = true;
  }

  close(): void {
    this.open = false;
  }
}

export const palette = new PaletteState();
