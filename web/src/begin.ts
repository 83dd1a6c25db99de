// What begins with the page, before any of it is shown: who is signed in, and the rules.
import { router } from "./lib/router/router.svelte";
import { app } from "./lib/state/app.svelte";
import { loadCore } from "./lib/sync/replica";

export function begin(): void {
  // Core is on its way while the server is asked who this is. If it does not arrive, the workspace asks again, and says so.
  loadCore().catch(() => {});
  // A sign-in link decides for itself who is signed in afterwards.
  if (router.route.view === "signIn") return;
  void app.start();
}
