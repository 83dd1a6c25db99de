// What tests ask of the page as it stands with the network and with its storage.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { patienceMs } from "./browser.mjs";
import { built } from "../../scripts/lib/paths.mjs";

/** Resolves when the status line says this. */
export async function syncs(page, words) {
  await page.getByTestId("sync").filter({ hasText: words }).waitFor();
}

/** Resolves when a question to the page, which takes it a while to answer, is answered with yes. */
export async function holds(page, question, asked, ms = patienceMs) {
  const end = performance.now() + ms;
  while (!(await page.evaluate(question, asked))) {
    assert.ok(performance.now() < end, `it does not hold: ${question}`);
    await sleep(50);
  }
}

/**
 * Resolves when this browser could open every part of the page without a network: the service worker says that it has all of them, and the
 * database has a checkpoint; or a row of a table that has these words.
 */
export async function isKept(page, { table = "checkpoints", has = "" } = {}) {
  await holds(page, isKeptWhole);
  await holds(
    page,
    async ([wanted, words]) => {
      const found = (await globalThis.indexedDB.databases()).find(({ name }) => name?.startsWith("agentrq-"));
      if (!found) return false;
      const done = (request) =>
        new Promise((resolve, reject) => {
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
      const database = await done(globalThis.indexedDB.open(found.name));
      try {
        const rows = await done(database.transaction(wanted).objectStore(wanted).getAll());
        return rows.some((row) => JSON.stringify(row).includes(words));
      } finally {
        database.close();
      }
    },
    [table, has],
  );
}

/** In the page: asks the service worker, as the page does, to keep what is lacking; it answers whether all is there. */
async function isKeptWhole() {
  const { active } = await navigator.serviceWorker.ready;
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
  active.postMessage("keep the rest", [port2]);
  return answer;
}

/** Every file that the page is made of, as the build lists them; the service worker that keeps them is not one. */
const parts = () =>
  Object.keys(JSON.parse(readFileSync(built("assets", "asset-manifest.json"), "utf8")).files).filter(
    (path) => path !== "/sw.js",
  );

/** Resolves when the service worker answers for the page and keeps all of its parts, those too that are loaded lazily. */
export const isWhole = (page) =>
  holds(
    page,
    async (parts) => {
      if (!navigator.serviceWorker.controller) return false;
      for (const part of parts) if (!(await globalThis.caches.match(part))) return false;
      return true;
    },
    parts(),
  );

/** What a device keeps, whoever sits at it. */
const OF_THE_DEVICE = ["agentrq.theme", "agentrq.preferences", "agentrq.diff.columns"];

/** Resolves when nothing of any person is left in this browser. */
export const isForgotten = (page) =>
  holds(
    page,
    async (kept) => {
      const left = await globalThis.indexedDB.databases();
      const keys = Object.keys(localStorage).filter((key) => !kept.includes(key));
      const said = [...globalThis.document.querySelectorAll("[aria-live]")]
        .map((region) => region.textContent)
        .join("");
      return !left.some(({ name }) => name?.startsWith("agentrq-")) && keys.length === 0 && said === "";
    },
    OF_THE_DEVICE,
  );
