// The border between wasm and JavaScript, where one call that does much costs less than many that do little.

/** Several headers, a line each: empty if it is absent, else `=` and its value, which holds no line break. */
export function headerLines(headers, names) {
  const line = (name) => {
    const value = headers.get(name);
    return value === null ? "" : `=${value}`;
  };
  return names.split("\n").map(line).join("\n");
}

/** Who brought the request: the data centre at the edge, else the connection that workerd names. */
export const colo = (request) => text(request.cf?.colo);
export const connection = (request) => text(request.cf?.clientIp);

const text = (value) => (typeof value === "string" ? value : undefined);

// The arguments of the next statement. Each is written by its place, so that nothing of an earlier statement is ever taken for one.
const args = [];
export const giveNull = (place) => void (args[place] = null);
export const giveNumber = (place, value) => void (args[place] = value);
export const giveText = (place, value) => void (args[place] = value);
// What comes is a view of wasm's memory.
export const giveBlob = (place, value) => void (args[place] = value.slice());

/** Runs a statement with the arguments given. Its values in one list, after how many make a row; nothing, if there are no rows. */
export function run(sql, statement, count) {
  const values = [];
  for (const row of sql.exec(statement, ...args.slice(0, count)).raw()) {
    if (values.length === 0) values.push(row.length);
    values.push(...row);
  }
  return values.length === 0 ? undefined : values;
}

/** What a value is: 0 null, 1 an integer that is exact, 2 text, 3 a blob, 4 something that is not stored. */
export function kind(values, place) {
  const value = values[place];
  if (value === null) return 0;
  if (Number.isSafeInteger(value)) return 1;
  if (typeof value === "string") return 2;
  return value instanceof ArrayBuffer ? 3 : 4;
}
export const numberAt = (values, place) => values[place];
export const textAt = (values, place) => values[place];
export const blobAt = (values, place) => new Uint8Array(values[place]);
