// What a measure found, as a table for people and as JSON for programs.
const formats = {
  ms: (value) => `${value.toFixed(2)} ms`,
  s: (value) => `${value.toFixed(1)} s`,
  times: (value) => `${value.toFixed(2)}x`,
  "/s": (value) => `${Math.round(value)}/s`,
  bytes: (value) => `${Math.round(value).toLocaleString("en")} B`,
  KiB: (value) => `${(value / 1024).toFixed(1)} KiB`,
  MiB: (value) => `${(value / 1024 / 1024).toFixed(1)} MiB`,
  percent: (value) => `${Math.round(value * 100)} %`,
  count: (value) => String(Math.round(value * 100) / 100),
};

const cell = (value, unit) => (value === undefined ? "" : formats[unit](value));

/** Prints `{title, columns: {name: unit}, rows: [{what, …}], notes}`. */
export function print({ title, columns, rows, notes = [] }) {
  const table = [["", ...Object.keys(columns)]].concat(
    rows.map((row) => [row.what, ...Object.entries(columns).map(([name, unit]) => cell(row[name], unit))]),
  );
  const widths = table[0].map((_, column) => Math.max(...table.map((line) => line[column].length)));
  console.log(`\n${title}`);
  for (const line of table)
    console.log(
      `  ${line.map((text, i) => (i ? text.padStart(widths[i] + 2) : text.padEnd(widths[i]))).join("")}`.trimEnd(),
    );
  for (const note of notes) console.log(`  ${note}`);
}

/** The goals that a row misses, in words. `goals` is `{column: at most}`. */
export const missed = (row, goals, unit = "times") =>
  Object.entries(goals)
    .filter(([column, most]) => row[column] > most)
    .map(
      ([column, most]) =>
        `${row.what}: ${column} is ${formats[unit](row[column])}, the goal is ${formats[unit](most)} at most`,
    );
