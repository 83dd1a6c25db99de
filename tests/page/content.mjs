// What agents ask and say in the populated world: the kinds of text that people meet, and the ones that break layouts.
import { crc32, deflateSync } from "node:zlib";

const words = "the quick brown fox jumps over the lazy dog while nobody watches the build ";

export const migration = `I'm about to run this migration:

\`\`\`sql
DELETE FROM user_sessions
 WHERE created_at < NOW() - INTERVAL '90 days';
\`\`\`

Estimated rows affected: **~14,000**. This is irreversible; a dump is in \`/backups/2026-11-21.sql.gz\`.
`;

export const diff = `--- a/src/session.ts
+++ b/src/session.ts
@@ -12,8 +12,9 @@ export interface Session {
 import { now } from "./clock";
 
 export function expired(session: Session): boolean {
-  const age = now() - session.createdAt;
-  return age > NINETY_DAYS;
+  const idle = now() - session.lastSeenAt;
+  // A session that is in use never ends under its person's hands.
+  return idle > NINETY_DAYS;
 }
 
 export function forget(session: Session): void {
@@ -40,7 +41,7 @@ export async function sweep(store: Store): Promise<number> {
   let removed = 0;
   for await (const session of store.all()) {
     if (!expired(session)) continue;
-    await store.remove(session.id);
+    await store.remove(session.id, { reason: "expired" });
     removed += 1;
   }
   return removed;
`;

export const withDiff = `The sweep looks at the wrong date: people who are at work lose their session after 90 days. This looks at when it was last used.

\`\`\`diff
${diff}\`\`\`

All 214 tests pass. One is new: *a session that is in use does not end*.
`;

export const withCode = `Here is what I would put into the handler, and what it costs:

\`\`\`ts
export async function retry<T>(work: () => Promise<T>, { tries = 3, base = 50 } = {}): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === tries) throw error;
      await delay(base * 2 ** attempt); // 100, 200, 400 ms: long enough for a failover, short enough for a person
    }
  }
}
\`\`\`

| path | before | after |
|---|---:|---:|
| read | 12 ms | 12 ms |
| write | 31 ms | 33 ms |
| write, during a failover | *fails* | 410 ms |

1. It changes no interface.
2. It can be taken back by one flag, \`RETRY=off\`.

> A retry that nobody sees is a bug that nobody mends.

It is on the [branch](https://example.com/compare/retry) as one commit.
`;

export const rightToLeft = `نحن على وشك نشر الإصدار 2.4 إلى الإنتاج. هل توافق؟

\`\`\`sh
kubectl rollout restart deployment/api
\`\`\`

- المدة المتوقعة: **5 دقائق**
- لا يوجد توقف للخدمة
`;

/** A body of so many lines, each of them different: ten thousand of them are as many as a body may hold. */
export const lines = (count) =>
  Array.from({ length: count }, (_, line) => `${line + 1} ${words.slice(line % 30, (line % 30) + 18)}`).join("\n");

export const releaseNotes = `# Release 2.4

${Array.from({ length: 30 }, (_, at) => `- **#${400 + at}** ${words.trim()}\n- \`module-${at}\` starts in half the time`).join("\n")}

Publish them?
`;

/** A title as long as titles may be, with a word in it that no line can hold. */
export const longTitle =
  `Approve: ${"Rename the configuration option ".repeat(2)}${"averylongidentifierwithoutanyplacetobreak".repeat(3)} ${words.repeat(3)}`.slice(
    0,
    255,
  );

/** As long as an agent's name may be. */
export const longName = "An agent with a name that goes on and on until its last letters".slice(0, 64);

/** A chart as a PNG: one bar an hour, drawn here so that no picture needs to lie in the repository. */
export function chart(width = 960, height = 320) {
  const rows = Buffer.alloc((width * 3 + 1) * height, 246);
  const bar = width / 24;
  for (let y = 0; y < height; y += 1) {
    rows[y * (width * 3 + 1)] = 0;
    for (let x = 0; x < width; x += 1) {
      const hour = Math.floor(x / bar);
      const top = height * (0.75 - 0.5 * Math.sin((hour / 24) * Math.PI));
      const filled = y > top && x % bar > bar / 4;
      if (filled) rows.set(hour === 14 ? [176, 112, 32] : [96, 104, 112], y * (width * 3 + 1) + 1 + x * 3);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(name, data) {
  const named = Buffer.concat([Buffer.from(name), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}

const colour = (code, text) => `\u001b[${code}m${text}\u001b[0m`;

/** What a test runner prints, with its colours. */
export const testRun = [
  colour("1;36", " RUN ") + " v4.1.2 /srv/checkout",
  "",
  ...Array.from(
    { length: 24 },
    (_, n) =>
      ` ${colour(32, "✓")} tests/cart-${n + 1}.test.ts ${colour(2, `(${n + 3} tests)`)} ${colour(33, `${12 * n + 8}ms`)}`,
  ),
  ` ${colour(31, "✗")} tests/refunds.test.ts ${colour(2, "(9 tests | 1 failed)")}`,
  `   ${colour(31, "→ refunds twice for one key: expected 1 to be 2")}`,
  "",
  colour("1;41", " FAIL ") + " Tests failed. Watching for file changes...",
  colour(2, "      press ") + colour(1, "h") + colour(2, " to show help, ") + colour(1, "q") + colour(2, " to quit"),
  "",
].join("\n");

/** What a compiler prints that finds fault. */
export const typeErrors = `src/refunds.ts:41:9 - ${colour(91, "error")} ${colour(90, "TS2322:")} Type 'string' is not assignable to type 'Money'.\n\n${colour(7, "41")}   const amount = order.total;\n${colour(7, "  ")}         ${colour(91, "~~~~~~")}\n\nFound 2 errors in the same file, starting at: src/refunds.ts${colour(90, ":41")}\n`;
