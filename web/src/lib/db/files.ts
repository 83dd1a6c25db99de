// Attached files in this browser: those that wait to be sent, and small ones that were seen here, the least recently used of which go first.
import type { Attachment, Id } from "../model/types";
import type { Database } from "./tables";

/** A file that was seen is kept if it is no larger than this … */
export const SMALL_BYTES = 2 * 1024 * 1024;
/** … and as many of them as have room in this. */
export const ROOM_BYTES = 64 * 1024 * 1024;

export class Files {
  constructor(readonly db: Database) {}

  /** Keeps a file that was chosen here until the server has it. */
  add(workspace: Id, attachment: Attachment, blob: Blob): Promise<void> {
    return this.db.write(["files"], (tx) =>
      tx.put("files", { workspace, id: attachment.id, attachment, blob, waiting: true, usedAt: Date.now() }),
    );
  }

  /** The files that the server does not have yet. */
  async waiting(workspace: Id): Promise<Attachment[]> {
    const rows = await this.db.read(["files"], (tx) => tx.of("files", workspace));
    return rows.flatMap(({ waiting, attachment }) => (waiting ? [attachment] : []));
  }

  /** What waits under this id. */
  async blob(workspace: Id, id: Id): Promise<Blob | null> {
    return (await this.db.read(["files"], (tx) => tx.get("files", [workspace, id])))?.blob ?? null;
  }

  /** The bytes of this very file. Another one that came under its id is none of them. */
  async seen(workspace: Id, { id, sha256 }: Attachment): Promise<Blob | null> {
    const row = await this.db.read(["files"], (tx) => tx.get("files", [workspace, id]));
    return row && row.attachment.sha256 === sha256 ? row.blob : null;
  }

  /** The server has it: from now on it is here for as long as there is room. */
  async sent(workspace: Id, id: Id): Promise<void> {
    await this.db.write(["files"], async (tx) => {
      const row = await tx.get("files", [workspace, id]);
      if (!row) return;
      if (row.attachment.size > SMALL_BYTES) tx.remove("files", [workspace, id]);
      else tx.put("files", { ...row, waiting: false, usedAt: Date.now() });
    });
  }

  remove(workspace: Id, id: Id): Promise<void> {
    return this.db.write(["files"], (tx) => tx.remove("files", [workspace, id]));
  }

  /** Keeps what was fetched, if it is small; what has not been used for longest makes room. */
  async keep(workspace: Id, attachment: Attachment, blob: Blob): Promise<void> {
    if (blob.size > SMALL_BYTES) return;
    await this.db.write(["files"], async (tx) => {
      const seen = (await tx.all("files")).filter(({ waiting }) => !waiting);
      let used = seen.reduce((sum, row) => sum + row.blob.size, blob.size);
      for (const row of seen.toSorted((one, other) => one.usedAt - other.usedAt)) {
        if (used <= ROOM_BYTES) break;
        used -= row.blob.size;
        tx.remove("files", [row.workspace, row.id]);
      }
      tx.put("files", { workspace, id: attachment.id, attachment, blob, waiting: false, usedAt: Date.now() });
    });
  }
}
