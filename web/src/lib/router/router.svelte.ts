// Where the page is: one reactive address over the History API. Plain links keep working; only same-origin clicks are taken over.
import { matchPath, pathOf, type Route } from "./match";
import { withQuery } from "./query";

class Router {
  #path = $state(location.pathname);
  #search = $state(location.search);
  readonly route: Route = $derived(matchPath(this.#path));
  readonly query: URLSearchParams = $derived(new URLSearchParams(this.#search));
  /** Steps this page has taken itself: tells whether "back" stays inside. */
  #steps = 0;

  constructor() {
    addEventListener("popstate", () => this.#read());
    document.addEventListener("click", (event) => this.#click(event));
  }

  get path(): string {
    return this.#path;
  }

  go(to: string | Exclude<Route, { view: "lost" }>, options: { replace?: boolean } = {}): void {
    const href = typeof to === "string" ? to : pathOf(to);
    if (options.replace) history.replaceState(history.state, "", href);
    else {
      history.pushState(null, "", href);
      this.#steps++;
    }
    this.#read();
  }

  /** One step back if that stays in this page, else to the place that stands one level up. */
  back(fallback: Exclude<Route, { view: "lost" }>): void {
    if (this.#steps > 0) {
      this.#steps--;
      history.back();
    } else this.go(fallback, { replace: true });
  }

  /** Sets or clears one query parameter without leaving the view. */
  setQuery(name: string, value: string | null, options: { replace?: boolean } = {}): void {
    this.go(withQuery(location.pathname, location.search, name, value), options);
  }

  #read(): void {
    this.#path = location.pathname;
    this.#search = location.search;
  }

  #click(event: MouseEvent): void {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const link = (event.target as Element | null)?.closest?.("a[href]");
    if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute("download")) return;
    const url = new URL(link.href);
    if (url.origin !== location.origin || matchPath(url.pathname).view === "lost") return;
    event.preventDefault();
    if (url.href !== location.href) this.go(url.pathname + url.search);
  }
}

export const router = new Router();
