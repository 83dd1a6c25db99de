// The time to the second, for what runs: it ticks only while something that is looked at reads it.
import { createSubscriber } from "svelte/reactivity";

const subscribe = createSubscriber((update) => {
  const timer = setInterval(() => {
    if (document.visibilityState === "visible") update();
  }, 1000);
  document.addEventListener("visibilitychange", update);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", update);
  };
});

export const seconds = {
  get now(): number {
    subscribe();
    return Date.now();
  },
};
