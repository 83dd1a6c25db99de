// The parts of the page that come when they are first needed. Each is asked for once; until it is here, and where it cannot be had, it is null,
// and who shows something with it does without.

function part<T>(load: () => Promise<T>): () => T | null {
  let here = $state.raw<T | null>(null);
  let asked = false;
  return () => {
    if (!asked) {
      asked = true;
      load().then(
        (loaded) => (here = loaded),
        // Without a network it is asked for again by whoever comes next.
        () => (asked = false),
      );
    }
    return here;
  };
}

export const renderer = part(() => import("../text/markdown"));
export const highlighter = part(() => import("../text/highlight"));
export const diffViewer = part(() => import("./diff/DiffView.svelte"));
