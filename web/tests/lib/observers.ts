// What jsdom has not: everything is near what is seen and of one size, and the page is on no device in particular.
class Seen {
  constructor(readonly tell: (entries: { isIntersecting: boolean }[]) => void) {}
  observe(): void {
    queueMicrotask(() => this.tell([{ isIntersecting: true }]));
  }
  unobserve(): void {}
  disconnect(): void {}
}

class Measured {
  constructor(readonly tell: (entries: { target: Element; contentRect: DOMRectReadOnly }[]) => void) {}
  observe(target: Element): void {
    queueMicrotask(() => this.tell([{ target, contentRect: { width: 400, height: 800 } as DOMRectReadOnly }]));
  }
  unobserve(): void {}
  disconnect(): void {}
}

export function observers(): void {
  Object.assign(globalThis, { IntersectionObserver: Seen, ResizeObserver: Measured, matchMedia });
}

function matchMedia(media: string): Partial<MediaQueryList> {
  return { media, matches: false, addEventListener: () => undefined, removeEventListener: () => undefined };
}
