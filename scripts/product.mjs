// The product as a person runs it: settings from the environment, the two lines that scripts may read, and an orderly end.
import { Advice } from "./lib/run.mjs";
import { inRoot } from "./lib/paths.mjs";
import { duration, say } from "./lib/say.mjs";
import { atStop, isStopping } from "./lib/stop.mjs";
import { buildProduct } from "./build/all.mjs";
import { startServer } from "./serve.mjs";

function readPort(text) {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new Advice(`PORT=${text} is no port. Give a number from 1 to 65535, or 0 for any free one.`);
}

function readPublicUrl(text) {
  if (text === "" || (/^https?:\/\//.test(text) && URL.canParse(text))) return text;
  throw new Advice(
    `AGENTRQ_PUBLIC_URL=${text} is no address. Give it in full, for example https://agentrq.example.org`,
  );
}

function readLease(text) {
  if (text === "" || (/^\d{1,5}$/.test(text) && Number(text) >= 5 && Number(text) <= 86_400)) return text;
  throw new Advice(
    `AGENTRQ_LEASE_SECONDS=${text} is no lease. Give the seconds for which a claim stands, from 5 to 86400.`,
  );
}

function settings({ PORT, HOST, AGENTRQ_DATA, AGENTRQ_OWNER_KEY, AGENTRQ_PUBLIC_URL, AGENTRQ_LEASE_SECONDS }) {
  return {
    port: readPort(PORT || "8787"),
    host: HOST || "127.0.0.1",
    dataDir: AGENTRQ_DATA || inRoot(".data"),
    ownerKey: AGENTRQ_OWNER_KEY ?? "",
    publicUrl: readPublicUrl(AGENTRQ_PUBLIC_URL ?? ""),
    leaseSeconds: readLease(AGENTRQ_LEASE_SECONDS ?? ""),
  };
}

export async function product(started) {
  const asked = settings(process.env);
  if (await buildProduct()) say(`set up in ${duration(Date.now() - started)}`);
  const launched = Date.now();
  const server = await startServer({ ...asked, quiet: false });
  say(`ready in ${duration(Date.now() - launched)}`);
  say(`AgentRQ ready: ${server.url}`);
  say(`Sign in: ${server.url}sign-in#key=${server.key}`);

  // From here on, being told to stop is the good end.
  process.exitCode = 0;
  atStop(server.stop);
  const { code, signal } = await server.exited;
  if (isStopping()) return;
  throw new Advice(
    `workerd ended by itself (${signal ?? `exit code ${code}`}). Start again: nothing that was acknowledged is lost.`,
  );
}
