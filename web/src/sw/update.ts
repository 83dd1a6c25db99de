// The page's side of its service worker: registered once the page stands, asked to make way when a new build is wanted, and heard when
// somebody clicks on a notification.
import { ownScript } from "../lib/trusted";
import { CACHE_PREFIX, REST, TAKE_OVER, type Opened } from "./shell";

const PATH = "/sw.js";
/** A worker that has not made way by then does not count. */
const PATIENCE_MS = 10_000;
/** No browser lets a worker take longer over one message. */
const LONGEST_MS = 300_000;

const container = (): ServiceWorkerContainer | null =>
  import.meta.env.PROD && "serviceWorker" in navigator ? navigator.serviceWorker : null;

/** How much of the page this browser keeps; some keep nothing. */
export type Kept = "nothing" | "part" | "whole";

/** Keeps the page in this browser: what it is made of first, then what it loads lazily. Says how far it came. */
export async function keepPage(): Promise<Kept> {
  const workers = container();
  if (!workers) return "nothing";
  try {
    const registration = await workers.register(ownScript(PATH), { updateViaCache: "none" });
    const active = registration.active ?? (await activated(registration));
    return active && (await asked(active)) ? "whole" : "part";
  } catch {
    // The network is away, or this is a private window.
    return navigator.onLine ? "nothing" : "part";
  }
}

/** The first worker here, once it holds what the page needs to open; null: the network went before that. */
function activated({ installing, waiting }: ServiceWorkerRegistration): Promise<ServiceWorker | null> {
  const worker = installing ?? waiting;
  return new Promise((resolve) => {
    if (!worker) return resolve(null);
    worker.addEventListener("statechange", () => {
      if (worker.state === "activated") resolve(worker);
      else if (worker.state === "redundant") resolve(null);
    });
  });
}

/** Calls back with the address of what was clicked on outside of the page. */
export function whenOpened(go: (url: string) => void): void {
  open = go;
  container()?.addEventListener("message", hear);
}
let open = (_: string): void => {};
function hear({ data }: MessageEvent<Partial<Opened> | null>): void {
  if (typeof data?.open === "string") open(data.open);
}

/** A worker that was ended meanwhile never answers. */
function asked(worker: ServiceWorker): Promise<boolean> {
  const { port1, port2 } = new MessageChannel();
  return new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), LONGEST_MS);
    port1.onmessage = ({ data }) => {
      clearTimeout(timer);
      resolve(data === true);
    };
    worker.postMessage(REST, [port2]);
  }).finally(() => port1.close());
}

/** Brings the newest build to the fore, so that the next load is of it. */
export async function takeUpdate(): Promise<void> {
  const workers = container();
  const registration = await workers?.getRegistration();
  if (!workers || !registration) return;
  const taken = new Promise<boolean>((resolve) => {
    workers.addEventListener("controllerchange", () => resolve(true), { once: true });
    setTimeout(() => resolve(false), PATIENCE_MS);
  });
  try {
    await registration.update();
    const next = registration.waiting ?? registration.installing;
    next?.addEventListener("statechange", () => next.state === "installed" && next.postMessage(TAKE_OVER));
    registration.waiting?.postMessage(TAKE_OVER);
    if (next && (await taken)) return;
  } catch {
    return; // no network, or a build that cannot be had: the next load is of this one
  }
  // The worker here does not know of the server's page: without it the next load comes from the server.
  await registration.unregister();
  for (const name of await caches.keys()) if (name.startsWith(CACHE_PREFIX)) await caches.delete(name);
}
