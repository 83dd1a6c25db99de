// A card as one text, so that any change of it is a change of lines.
import type { ShownCard } from "../model/commands";
import type { Choice } from "../model/types";

export function cardText({ title, body, options }: ShownCard): string {
  const label = (choice: Choice): string =>
    `- ${choice.label}${choice.recommended ? " (recommended)" : ""}${choice.description ? `: ${choice.description}` : ""}`;
  const offered = options
    ? [options.multiple ? "Choose some of:" : "Choose one of:", ...options.choices.map(label), ""]
    : [];
  return [title, "", ...offered, body, ""].join("\n");
}
