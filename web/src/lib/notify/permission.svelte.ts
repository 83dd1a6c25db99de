// May this page notify? The browser is asked only when a person has asked us to.
import { preferences } from "../state/preferences.svelte";

export type Answer = "granted" | "denied" | "default" | "missing";

class Permission {
  answer = $state<Answer>("Notification" in globalThis ? Notification.permission : "missing");

  /** On, if the person also lets the browser. */
  get isOn(): boolean {
    return preferences.notifications && this.answer === "granted";
  }

  async turnOn(): Promise<void> {
    if (this.answer === "missing") return;
    this.answer = await Notification.requestPermission();
    preferences.choose({ notifications: this.answer === "granted" });
  }

  turnOff(): void {
    preferences.choose({ notifications: false });
  }
}

export const permission = new Permission();
