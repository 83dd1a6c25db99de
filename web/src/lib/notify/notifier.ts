// Tells a person who is not looking that something needs them: by the browser, once an ask, from one tab, and takes it back once it is settled.
import type { Frame } from "../model/sync";
import type { Id, Task } from "../model/types";
import { pathOf } from "../router/match";
import { router } from "../router/router.svelte";
import { app } from "../state/app.svelte";
import { belongs } from "../state/belongings";
import type { Hearing } from "../state/frames";
import { preferences } from "../state/preferences.svelte";
import type { WorkspaceStore } from "../state/workspace.svelte";
import { agentLabel } from "../text/format";
import { askKey, asksOf, settledBy, Told } from "./policy";
import { chime } from "./sound";
import { recall, remember, shown, withdraw } from "./told";

class Notifier {
  readonly #stops = new Map<Id, () => void>();
  /** One after the other: what is settled before it could be shown must not stay. */
  #turn: Promise<unknown> = Promise.resolve();

  /** Listens to exactly these. */
  watch(stores: readonly WorkspaceStore[]): void {
    const wanted = new Set(stores.map(({ id }) => id));
    for (const [id, stop] of this.#stops) {
      if (wanted.has(id)) continue;
      stop();
      this.#stops.delete(id);
    }
    for (const store of stores) {
      if (this.#stops.has(store.id)) continue;
      this.#stops.set(
        store.id,
        store.frames.subscribe((frame, hearing) => this.#hear(store, frame, hearing)),
      );
    }
  }

  #hear(store: WorkspaceStore, frame: Frame, { fresh }: Hearing): void {
    for (const task of settledBy(frame)) this.#next(() => withdraw(`${store.id}/${task}`));
    if (!app.isLeader) return;
    const asks = asksOf(frame, { me: store.meId, fresh });
    if (asks.length === 0) return;
    const told = new Told(recall());
    const news = asks.filter((task) => told.note(askKey(task)));
    remember(told.keys);
    if (news.length === 0) return;
    // A page that blocks sound has been told to: there is nothing to say about it.
    if (preferences.sound) chime().catch(() => {});
    if (preferences.notifications && document.visibilityState === "hidden")
      for (const task of news) this.#next(() => this.#show(store, task));
  }

  #next(work: () => Promise<void>): void {
    this.#turn = this.#turn.then(work).catch(() => {});
  }

  async #show(store: WorkspaceStore, task: Task): Promise<void> {
    if (Notification.permission !== "granted") return;
    const tag = `${store.id}/${task.id}`;
    const url = pathOf({ view: "needsYou", workspace: store.id, task: task.id });
    const options = {
      // One a task: what it asks next takes the place of what it asked before, and is news all the same.
      tag,
      renotify: true,
      body: `${agentLabel(task.agent, store.agents)} · ${store.workspace?.name ?? ""}`,
      icon: "/icons/icon-192.png",
      data: { url },
    };
    // The service worker hears the click also when this page is gone; phones know no other way.
    const worker = await navigator.serviceWorker?.getRegistration();
    if (worker?.active) await worker.showNotification(task.title, options);
    else showHere(task.title, options, url);
  }
}

function showHere(title: string, options: NotificationOptions & { tag: string }, url: string): void {
  const one = new Notification(title, options);
  shown.set(options.tag, one);
  one.onclick = () => {
    focus();
    router.go(url);
    one.close();
  };
}

export const notifier = new Notifier();
belongs({ forget: () => notifier.watch([]) });
