// A person who looks at one state of the page after another, on one device.
import { patienceMs } from "../lib/browser.mjs";

/** What every page must be free of: errors, refusals by the policy, failed scripts, and requests to anybody else. */
function watch(page, origin) {
  page.setDefaultTimeout(patienceMs);
  page.troubles = [];
  page.on("pageerror", (error) => page.troubles.push(`error: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && page.troubles.push(`console: ${message.text()}`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (/^https?:$/.test(url.protocol) && url.origin !== origin) page.troubles.push(`foreign request: ${url.href}`);
  });
}

export class Visitor {
  /** Signs in with a fresh profile, which `prepare` has seen before any page. `options` are the device's. */
  static async signIn(browser, world, options, prepare = () => {}) {
    const self = new Visitor();
    Object.assign(self, { browser, world, options: { reducedMotion: "reduce", ...options } });
    self.context = await browser.newContext(self.options);
    await prepare(self.context);
    const page = await self.context.newPage();
    await page.goto(`${world.url}/sign-in#key=${world.server.key}`);
    await page.waitForURL((url) => url.pathname !== "/sign-in");
    self.profile = await self.context.storageState();
    await page.close();
    return self;
  }

  /**
   * Shows a state, hands its page to `look`, and leaves it. What is no more than an address is walked to within one page, as links do it; a
   * state with steps into it begins with a page of its own. One that leaves something behind in the browser (`alone`), or that nobody has
   * signed in for (`signedOut`), gets a profile of its own too.
   */
  async see(state, look) {
    if (state.enter || state.alone || state.signedOut) return this.#anew(state, look);
    const page = await this.#walk(await state.at(this.world));
    return shown(page, state, look);
  }

  async #anew(state, look) {
    const own = state.alone || state.signedOut;
    const context = own
      ? await this.browser.newContext({ ...this.options, ...(state.signedOut ? {} : { storageState: this.profile }) })
      : this.context;
    const page = await context.newPage();
    watch(page, this.world.url);
    try {
      await state.before?.(page);
      await page.goto(this.world.url + (await state.at(this.world)));
      await state.enter?.(page, this.world);
      return await shown(page, state, look);
    } finally {
      await (own ? context : page).close();
    }
  }

  /** The page that stays open, at this address. */
  async #walk(path) {
    if (!this.page) {
      const page = await this.context.newPage();
      watch(page, this.world.url);
      await page.goto(this.world.url + path);
      this.page = page;
      return page;
    }
    this.page.troubles.length = 0;
    await this.page.setViewportSize(this.options.viewport);
    await this.page.evaluate((path) => {
      history.pushState(null, "", path);
      dispatchEvent(new PopStateEvent("popstate"));
    }, path);
    return this.page;
  }

  /** A page of the same person in a profile with an empty cache. */
  async fresh(look) {
    const context = await this.browser.newContext({ ...this.options, storageState: this.profile });
    try {
      return await look(await context.newPage());
    } finally {
      await context.close();
    }
  }

  close() {
    return this.context.close();
  }
}

async function shown(page, state, look) {
  await state.shows(page).first().waitFor();
  await settled(page);
  return look(page);
}

/** The page has drawn what it has: fonts are there, pictures are decoded, two frames have passed. */
export function settled(page) {
  return page.evaluate(async () => {
    await document.fonts.ready;
    await Promise.all([...document.images].filter((it) => it.src).map((it) => it.decode().catch(() => {})));
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  });
}
