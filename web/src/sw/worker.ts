// The service worker: the page itself, kept so that it opens without a network. What people and agents say is not its business: it never
// touches /api.
import { CACHE_PREFIX, isOurs, REST, SHELL_PATH, TAKE_OVER, type Opened, type ShellFile } from "./shell";

declare const self: ServiceWorkerGlobalScope;

/** Every file of this build; the build writes it in. */
const { build, files } = JSON.parse("__SHELL__") as { build: string; files: ShellFile[] };
const CACHE = CACHE_PREFIX + build;
const known = new Set(files.map(({ url }) => url));
/** This build's and the one before: a tab that is still of that one loads the rest of its parts from there. */
const KEPT_BUILDS = 2;
/** As many are fetched at once: the page's own requests must not queue behind them. */
const AT_ONCE = 2;

let keepingRest: Promise<boolean> | null = null;

self.addEventListener("install", (event) => {
  event.waitUntil(keep(files.filter(({ first }) => first)));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      const old = (await caches.keys()).filter((name) => name.startsWith(CACHE_PREFIX) && name !== CACHE);
      await Promise.all(old.slice(0, Math.max(0, old.length - KEPT_BUILDS + 1)).map((name) => caches.delete(name)));
      await self.clients.claim();
    })(),
  );
});

self.addEventListener("message", (event) => {
  if (event.data === TAKE_OVER) event.waitUntil(self.skipWaiting());
  // What is loaded lazily is kept once the page has been painted: it must not stand in the way of that.
  if (event.data === REST) event.waitUntil(keepRest().then((whole) => event.ports[0]?.postMessage(whole)));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin || !isOurs(url.pathname)) return;
  const path = request.mode === "navigate" ? SHELL_PATH : url.pathname;
  // A part of the build before may be asked for by a tab that is still of it.
  if (known.has(path) || path.startsWith("/assets/")) event.respondWith(answer(path, request));
});

self.addEventListener("notificationclick", (event) => {
  const { url } = event.notification.data as { url: string };
  event.notification.close();
  event.waitUntil(lookAt(url));
});

/** In a page that is open already, without loading it anew; the one that was looked at last comes first. */
async function lookAt(url: string): Promise<void> {
  const [page] = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (!page) {
    await self.clients.openWindow(url);
    return;
  }
  const opened: Opened = { open: url };
  page.postMessage(opened);
  await page.focus();
}

async function answer(path: string, request: Request): Promise<Response> {
  const mine = await (await caches.open(CACHE)).match(path);
  return mine ?? (await caches.match(path)) ?? fetch(request);
}

/** Whether all of it is kept now. Where the network went, whoever asks again goes on from there. */
function keepRest(): Promise<boolean> {
  keepingRest ??= keep(files)
    .then(
      () => true,
      () => false,
    )
    .finally(() => (keepingRest = null));
  return keepingRest;
}

async function keep(wanted: ShellFile[]): Promise<void> {
  const cache = await caches.open(CACHE);
  const left = [...wanted];
  const one = async (): Promise<void> => {
    for (let file = left.shift(); file; file = left.shift()) {
      // The cache is this build's alone: what is there is right.
      if (!(await cache.match(file.url))) await cache.put(file.url, await fetched(file));
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  } finally {
    left.length = 0;
  }
}

async function fetched({ url, hashed, names }: ShellFile): Promise<Response> {
  const response = await fetch(url, { cache: hashed ? "default" : "no-cache" });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  // The server may have got another build meanwhile: its page would look for files that are not here.
  if (names && !(await response.clone().text()).includes(names)) throw new Error(`${url} is of another build`);
  return response;
}
