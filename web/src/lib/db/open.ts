// Opens what this browser keeps of a person: IndexedDB, and memory where there is none or it fails.
import type { Id } from "../model/types";
import { FallbackDatabase } from "./fallback";
import { deleteIndexed, openIndexed } from "./indexed";
import { MemoryDatabase } from "./memory";

/** `failed` says why nothing outlives the page from then on. */
export async function openDatabase(
  person: Id,
  newId: () => Id | Promise<Id>,
  failed: (reason: unknown) => void,
): Promise<FallbackDatabase> {
  const deleteKept = (): Promise<void> => deleteIndexed(person);
  try {
    if (typeof indexedDB === "undefined") throw new Error("this browser has no IndexedDB");
    const database: FallbackDatabase = new FallbackDatabase(
      await openIndexed(person, () => void database.abandon(new Error("the browser closed its storage"))),
      newId,
      failed,
      deleteKept,
    );
    return database;
  } catch (reason) {
    failed(reason);
    return new FallbackDatabase(new MemoryDatabase(), newId, failed, deleteKept);
  }
}
