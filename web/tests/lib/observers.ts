// What jsdom has not: everything is near what is seen, nothing has a size, and the page is on no device in particular.
class Seen {
  constructor(readonly tell: (entries: { isIntersecting: boolean }[]) => void) {}
  observe(): void {
    queueMicrotask(() => this.tell([{ isIntersecting: true }]));
  }
  unobserve(): void {}
  disconnect(): void {}
}

class Still {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
}

export function observers(): void {
  Object.assign(globalThis, { IntersectionObserver: Seen, ResizeObserver: Still, matchMedia });
}

function matchMedia(media: string): Partial<MediaQueryList> {
  return { media, matches: false, addEventListener: () => undefined, removeEventListener: () => undefined };
}
