// Where the page begins.
import "@fontsource-variable/geist/wght.css";
import "@fontsource-variable/geist-mono/wght.css";
import "./styles/tokens.css";
import "./styles/base.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { kept } from "./lib/state/kept.svelte";

const target = document.getElementById("app");
if (!target) throw new Error("index.html has no #app");
// In a task of its own: what reads the page's code and what shows it are two things that the browser may do something between.
setTimeout(() => mount(App, { target }), 0);

// The page is kept for the time without a network, once it has been painted.
addEventListener("load", () => {
  const keep = (): void => kept.start();
  if (typeof requestIdleCallback === "function") requestIdleCallback(keep, { timeout: 5000 });
  else setTimeout(keep, 1000);
});
