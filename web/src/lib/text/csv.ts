// Comma-separated values (RFC 4180), also with tabs or semicolons between them.

export interface Sheet {
  rows: string[][];
  /** How many rows there are beyond those. */
  more: number;
}

export function readSheet(text: string, most: number): Sheet {
  const source = text.startsWith("\ufeff") ? text.slice(1) : text;
  const between = separatorOf(source);
  const rows: string[][] = [];
  let more = 0;
  let row: string[] = [];
  let at = 0;
  const end = (): void => {
    if (rows.length < most) rows.push(row);
    else more++;
    row = [];
  };
  while (at < source.length) {
    let value = "";
    if (source[at] === '"') {
      at++;
      for (;;) {
        const quote = source.indexOf('"', at);
        if (quote < 0) {
          value += source.slice(at);
          at = source.length;
          break;
        }
        value += source.slice(at, quote);
        at = quote + 1;
        if (source[at] !== '"') break;
        value += '"';
        at++;
      }
    }
    // What stands after a closing quote, against the rules, is shown as well.
    const stop = nextOf(source, at, between);
    value += source.slice(at, stop);
    row.push(value);
    at = stop;
    if (source[at] === between) {
      at++;
      if (at === source.length) row.push("");
      continue;
    }
    if (at < source.length) at += source.startsWith("\r\n", at) ? 2 : 1;
    end();
  }
  if (row.length > 0) end();
  return { rows, more };
}

function nextOf(source: string, from: number, between: string): number {
  for (let at = from; at < source.length; at++) {
    const char = source[at];
    if (char === between || char === "\n" || (char === "\r" && source[at + 1] === "\n")) return at;
  }
  return source.length;
}

/** The one that the first line has most of. */
function separatorOf(text: string): string {
  const first = text.slice(0, text.indexOf("\n") < 0 ? undefined : text.indexOf("\n"));
  const counts = [",", "\t", ";"].map((one) => ({ one, many: first.split(one).length }));
  return counts.reduce((best, other) => (other.many > best.many ? other : best)).one;
}
