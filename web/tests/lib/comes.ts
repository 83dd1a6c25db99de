// Waits for what comes by itself. How long that takes is the machine's matter; what never comes is told in the end.
import { vi } from "vitest";

/** Resolves with what `look` gives once it no longer throws. */
export const comes = <T>(look: () => T | Promise<T>): Promise<T> => vi.waitFor(look, { timeout: 60_000 });
