// Words that should make a reader slow down, with the passage that says so. They describe the text; they decide nothing.
import { hasDeceptive } from "./invisible";

export interface Risk {
  word: string;
  reason: string;
}

const SIGNS: readonly { word: string; sign: RegExp }[] = [
  { word: "irreversible", sign: /\b(irreversibl[ey]|cannot be undone|can't be undone|no way back)\b/iu },
  { word: "deletes data", sign: /\b(delete\s+from|drop\s+(table|database|schema|column)|truncate\s+table)\b/iu },
  { word: "deletes files", sign: /\brm\s+-[a-z]*[rf][a-z]*\b|\bgit\s+clean\s+-[a-z]*f/iu },
  { word: "rewrites history", sign: /\bpush\s+(--force|-f)\b|--force-with-lease|\breset\s+--hard\b/iu },
  { word: "as root", sign: /\bsudo\s+\S/iu },
  { word: "production", sign: /\b(production|prod)\b/iu },
  { word: "runs from the net", sign: /\b(curl|wget)\b[^\n|]*\|\s*(sudo\s+)?(ba|z)?sh\b/iu },
  { word: "touches secrets", sign: /\b(private key|api[ _-]?key|password|credentials|\.env\b)/iu },
];

/** At most three, the gravest first. */
export function risksOf(text: string): Risk[] {
  const found: Risk[] = [];
  if (hasDeceptive(text)) {
    found.push({
      word: "hidden characters",
      reason: "It contains characters that hide or reorder text. The exact text shows them.",
    });
  }
  for (const { word, sign } of SIGNS) {
    const match = sign.exec(text);
    if (match) found.push({ word, reason: `It says “${passage(text, match.index, match[0].length)}”.` });
    if (found.length === 3) break;
  }
  return found;
}

function passage(text: string, start: number, length: number): string {
  const lineStart = text.lastIndexOf("\n", start) + 1;
  const lineEnd = text.indexOf("\n", start + length);
  const from = Math.max(lineStart, start - 40);
  const to = Math.min(lineEnd < 0 ? text.length : lineEnd, start + length + 48);
  return `${from > lineStart ? "…" : ""}${text.slice(from, to).trim()}${to < (lineEnd < 0 ? text.length : lineEnd) ? "…" : ""}`;
}
