// What a first visit waits for is asked for as soon as the page is read, not only once its own script has been: the rules, which are most of it;
// and by a small script before all others, what the server knows.
import type { HtmlTagDescriptor, Plugin } from "vite";

/** What is fetched later by this name is fetched beside the page's own script. */
const rules = /agentrq_wasm_bg-[\w-]+\.wasm$/;

/** `source` is the script's, of which the build makes an entry of this name. */
export function askFirst(name: string, source: string): Plugin {
  const script = (src: string): HtmlTagDescriptor => ({
    tag: "script",
    // It waits neither for the styles nor for the document.
    attrs: { type: "module", async: true, crossorigin: true, src },
    injectTo: "head",
  });
  return {
    name: "agentrq-ask-first",
    transformIndexHtml: {
      order: "post",
      handler: (_, { bundle }) => {
        if (!bundle) return [script(source)];
        const made = Object.values(bundle).filter((it) => it.type === "chunk" && it.isEntry && it.name === name);
        return made.map(({ fileName }) => script(`/${fileName}`));
      },
    },
  };
}

export function preloadRules(): Plugin {
  return {
    name: "agentrq-preload-rules",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler: (_, { bundle = {} }) => {
        const link = (attrs: Record<string, string | boolean>): HtmlTagDescriptor => ({
          tag: "link",
          attrs: { ...attrs, crossorigin: true },
          injectTo: "head",
        });
        return Object.keys(bundle)
          .filter((name) => rules.test(name))
          .map((name) => link({ rel: "preload", as: "fetch", type: "application/wasm", href: `/${name}` }));
      },
    },
  };
}
