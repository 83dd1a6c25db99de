// The workflows of a workspace as they were last seen here: no replica holds them, and one may be started without a network all the same.
import type { Archive } from "../db/archive";
import type { PersonRow } from "../db/tables";
import type { Id } from "../model/types";
import type { KeptWorkflow } from "../model/workflow";

type TemplatesRow = Extract<PersonRow, { workflows: unknown }>;

const keyOf = (workspace: Id): TemplatesRow["key"] => `workflows ${workspace}`;
const isTemplates = (row: PersonRow | undefined): row is TemplatesRow => row !== undefined && "workflows" in row;

/** Null: they were never seen here. */
export async function keptWorkflows(archive: Archive, workspace: Id): Promise<KeptWorkflow[] | null> {
  const row = await archive.db.read(["person"], (tx) => tx.get("person", keyOf(workspace)));
  return isTemplates(row) ? row.workflows : null;
}

/** Keeps them. What is kept of workspaces that are this person's no more goes. */
export function keepWorkflows(archive: Archive, workspace: Id, workflows: KeptWorkflow[]): Promise<void> {
  return archive.db.write(["person"], async (tx) => {
    const rows = await tx.all("person");
    const known = rows.flatMap((row) => ("workspaces" in row ? row.workspaces.map(({ id }) => id) : []));
    for (const row of rows)
      if (isTemplates(row) && known.length > 0 && !known.includes(row.workspace)) tx.remove("person", row.key);
    tx.put("person", { key: keyOf(workspace), workspace, workflows });
  });
}
