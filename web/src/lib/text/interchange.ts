// What came of an import, in words.
import type { Imported } from "../api/interchange";

const of = (count: number, one: string): string => `${count} ${one}${count === 1 ? "" : "s"}`;

export function imported({ imported, already, files, renumbered, passedOver }: Imported): string {
  const parts = [imported === 0 && already > 0 ? "Nothing new" : `${of(imported, "task")} imported`];
  if (files > 0) parts.push(of(files, "file"));
  if (already > 0) parts.push(`${of(already, "task")} here already`);
  if (renumbered.length > 0) parts.push(`${of(renumbered.length, "new number")}`);
  if (passedOver.length > 0) parts.push(`passed over: ${passedOver.join(", ")}`);
  return `${parts.join(" · ")}.`;
}
