// Light, dark, or as the system has it. The choice is this device's.

export type Theme = "system" | "light" | "dark";
const STORED = "agentrq.theme";

const isTheme = (value: string | null): value is Theme => value === "system" || value === "light" || value === "dark";

class ThemeChoice {
  #theme = $state<Theme>("system");

  constructor() {
    try {
      const stored = localStorage.getItem(STORED);
      if (isTheme(stored)) this.#theme = stored;
    } catch {
      // no storage, no memory of the choice
    }
    this.#show();
  }

  get value(): Theme {
    return this.#theme;
  }

  set value(theme: Theme) {
    this.#theme = theme;
    try {
      localStorage.setItem(STORED, theme);
    } catch {
      // as above
    }
    this.#show();
  }

  #show(): void {
    if (this.#theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = this.#theme;
    // The browser's own bars follow: the page names a colour for each scheme, and the choice says which one holds.
    for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
      const scheme = (meta.dataset["scheme"] ??= meta.media.includes("dark") ? "dark" : "light");
      if (this.#theme === "system") meta.media = `(prefers-color-scheme: ${scheme})`;
      else meta.media = scheme === this.#theme ? "all" : "not all";
    }
  }
}

export const theme = new ThemeChoice();
