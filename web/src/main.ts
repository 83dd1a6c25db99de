// Where the page begins.
import "@fontsource-variable/geist/wght.css";
import "@fontsource-variable/geist-mono/wght.css";
import "./styles/tokens.css";
import "./styles/base.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { begin } from "./begin";
import { calm } from "./lib/state/calm";
import { kept } from "./lib/state/kept.svelte";
import { nextTask, whenIdle } from "./lib/idle";

/** Where the page stands. Whoever imports a part of it brings this as well, maybe before the document has been read so far. */
async function place(): Promise<HTMLElement> {
  while (document.readyState === "loading")
    await new Promise((done) => document.addEventListener("readystatechange", done, { once: true }));
  const target = document.getElementById("app");
  if (!target) throw new Error("index.html has no #app");
  return target;
}

// To read the page's code, to begin, and to show it are tasks of their own: the browser may do something between.
void nextTask()
  .then(begin)
  .then(nextTask)
  .then(place)
  .then((target) => mount(App, { target }));

// The page is kept for the time without a network, once it has been painted.
void calm.then(() => whenIdle(() => kept.start()));
