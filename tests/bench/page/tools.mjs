// What measures in the page itself: from an event to the frame that shows what it did.

/** Runs in the page before anything else; leaves `globalThis.measured`. */
export function tools() {
  /** When the frame that is being made has been drawn. */
  const drawn = () =>
    new Promise((done) =>
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => done(performance.now());
        port2.postMessage(null);
      }),
    );
  /** When the first frame in which it holds has been drawn, and which frame that was. */
  const first = async (holds) => {
    for (let frames = 1; ; frames += 1) {
      const at = await drawn();
      if (holds()) return { at, frames };
    }
  };
  let taken = Promise.resolve({ ms: 0, frames: 0 });
  globalThis.measured = {
    drawn,
    first,
    /**
     * From the next event of this type, as the browser got it, to the end of the page's work on the first frame in which it holds.
     * `taken()` is how long that took, and how many frames.
     */
    watch(type, holds) {
      taken = new Promise((done) =>
        addEventListener(
          type,
          async (event) => {
            const { at, frames } = await first(holds);
            done({ ms: at - event.timeStamp, frames });
          },
          { capture: true, once: true },
        ),
      );
    },
    taken: () => taken,
    /** The time between drawn frames for as long as `work` goes on, and in how many of them something did not hold. */
    async frames(work, holds) {
      const gaps = [];
      let broken = 0;
      let going = true;
      const end = work().finally(() => (going = false));
      for (let last = await drawn(); going;) {
        const now = await drawn();
        gaps.push(now - last);
        if (!holds()) broken += 1;
        last = now;
      }
      await end;
      return { gaps, broken };
    },
  };
}
