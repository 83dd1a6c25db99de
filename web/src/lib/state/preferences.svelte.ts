// What a person has chosen for this device, beside the theme: to be told, to hear it, and how close the rows stand.

const STORED = "agentrq.preferences";

interface Chosen {
  notifications: boolean;
  sound: boolean;
  compact: boolean;
}
const DEFAULTS: Chosen = { notifications: false, sound: false, compact: false };

/** What was stored, as far as it can be read: an older page may have known less. */
export function readPreferences(text: string | null): Chosen {
  let stored: unknown = null;
  try {
    stored = JSON.parse(text ?? "null");
  } catch {
    // as if nothing had been chosen
  }
  const given = (typeof stored === "object" && stored !== null ? stored : {}) as Record<string, unknown>;
  const flag = (name: keyof Chosen): boolean => (typeof given[name] === "boolean" ? given[name] : DEFAULTS[name]);
  return { notifications: flag("notifications"), sound: flag("sound"), compact: flag("compact") };
}

class Preferences {
  #chosen = $state<Chosen>(DEFAULTS);

  constructor() {
    try {
      this.#chosen = readPreferences(localStorage.getItem(STORED));
    } catch {
      // no storage, no memory of the choice
    }
    this.#show();
  }

  get notifications(): boolean {
    return this.#chosen.notifications;
  }
  get sound(): boolean {
    return this.#chosen.sound;
  }
  get compact(): boolean {
    return this.#chosen.compact;
  }

  choose(what: Partial<Chosen>): void {
    this.#chosen = { ...this.#chosen, ...what };
    try {
      localStorage.setItem(STORED, JSON.stringify(this.#chosen));
    } catch {
      // as above
    }
    this.#show();
  }

  #show(): void {
    if (this.#chosen.compact) document.documentElement.dataset["density"] = "compact";
    else delete document.documentElement.dataset["density"];
  }
}

export const preferences = new Preferences();
