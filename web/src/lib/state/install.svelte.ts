// Whether this page can be installed, or is: the browser says so once, early, and the offer is kept until somebody wants it.

/** Chromium's event, which TypeScript's library does not know. */
interface InstallOffer extends Event {
  prompt(): Promise<{ outcome: "accepted" | "dismissed" }>;
}

class Install {
  #offer = $state.raw<InstallOffer | null>(null);
  isInstalled = $state(matchMedia("(display-mode: standalone)").matches);

  constructor() {
    addEventListener("beforeinstallprompt", (event) => {
      // Offered in the settings instead, where somebody looks for it.
      event.preventDefault();
      this.#offer = event as InstallOffer;
    });
    addEventListener("appinstalled", () => {
      this.#offer = null;
      this.isInstalled = true;
    });
  }

  get isOffered(): boolean {
    return this.#offer !== null;
  }

  async ask(): Promise<void> {
    const offer = this.#offer;
    if (!offer) return;
    // It can be used once.
    this.#offer = null;
    await offer.prompt();
  }
}

export const install = new Install();
