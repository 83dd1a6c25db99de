// The rules are asked for as soon as the page is read, not only once its scripts have been: they are most of what a first visit waits for.
import type { HtmlTagDescriptor, Plugin } from "vite";

/** What is fetched later by this name is fetched beside the page's own script. */
const rules = /agentrq_wasm_bg-[\w-]+\.wasm$/;

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
