// The first load: small, from nobody but this server, and under a policy that lets no text become code.
/* global document, indexedDB, getComputedStyle, trustedTypes */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openBrowser } from "../lib/browser.mjs";
import { askedUntil, initialChunks, listed, total } from "../page/first-load.mjs";
import { desktop } from "../page/devices.mjs";
import { stateNamed } from "../page/states/all.mjs";
import { Visitor } from "../page/visit.mjs";
import { startPopulated } from "../page/world.mjs";

const mostBytes = 200_000;
const home = stateNamed("needs you");

let world;
let browser;
let visitor;
before(async () => {
  world = await startPopulated();
  browser = await openBrowser();
  visitor = await Visitor.signIn(browser, world, desktop);
});
after(async () => {
  await browser?.close();
  await world?.end();
});

test(`until Needs you is painted, at most ${mostBytes / 1000} KB are asked for, gzipped and with wasm`, async () => {
  const files = await visitor.fresh((page) => askedUntil(page, world.url + home.at(world), "a[data-task]"));
  assert.ok(
    files.some(({ path }) => path.endsWith(".wasm")),
    `the rules are not among them:\n${listed(files)}`,
  );
  assert.ok(total(files) <= mostBytes, listed(files));
});

test("on a first visit the server is asked while the rules are still on their way, and once", async () => {
  await visitor.fresh(async (page) => {
    const asked = [];
    let first;
    const snapshot = new Promise((done) => (first = done));
    page.on("request", (request) => {
      const { pathname } = new URL(request.url());
      if (pathname.startsWith("/api/")) asked.push(pathname);
      if (pathname.endsWith("/snapshot")) first();
    });
    await page.route("**/*.wasm", async (route) => {
      await snapshot;
      await route.continue();
    });
    await page.goto(world.url + home.at(world));
    await page.locator("a[data-task]").first().waitFor();
    const firsts = ["/api/session", "/api/workspaces", asked.find((path) => path.endsWith("/snapshot"))];
    for (const first of firsts) assert.equal(asked.filter((path) => path === first).length, 1, `${first} of ${asked}`);
  });
});

test("the part that an address names is asked for before the page's own code is here", async () => {
  for (const [name, part] of [
    ["approval, high risk", /\/task-[\w-]+\.js$/u],
    ["list", /\/Tasks-[\w-]+\.js$/u],
  ]) {
    await visitor.fresh(async (page) => {
      let asked;
      const isAsked = new Promise((done) => (asked = done));
      page.on("request", (request) => part.test(request.url()) && asked());
      await page.route(/\/index-[\w-]+\.js$/u, async (route) => {
        await isAsked;
        await route.continue();
      });
      const state = stateNamed(name);
      await page.goto(world.url + state.at(world));
      await state.shows(page).waitFor();
    });
  }
});

test("a document that comes slowly is waited for, whatever of the page is here before it", async () => {
  let served = () => {};
  const isServed = new Promise((done) => (served = done));
  const slow = createServer(async (request, response) => {
    const answer = await fetch(world.url + (request.url === "/sign-in" ? "/index.html" : request.url));
    const body = Buffer.from(await answer.arrayBuffer());
    for (const name of ["content-type", "content-security-policy"])
      if (answer.headers.has(name)) response.setHeader(name, answer.headers.get(name));
    const at = body.indexOf("<body");
    if (at < 0) {
      response.end(body);
      if (/\/index-[\w-]+\.js$/u.test(request.url)) served();
      return;
    }
    response.write(body.subarray(0, at));
    await isServed;
    await sleep(500);
    response.end(body.subarray(at));
  });
  await new Promise((done) => slow.listen(0, "127.0.0.1", done));
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    const errors = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await page.goto(`http://127.0.0.1:${slow.address().port}/sign-in`);
    await page.getByRole("heading", { name: /sign in/iu }).waitFor();
    assert.deepEqual(errors, []);
  } finally {
    await context.close();
    slow.close();
    slow.closeAllConnections();
  }
});

test("what this browser keeps is opened while the rules are still on their way", async () => {
  await visitor.fresh(async (page) => {
    const opened = () =>
      page.evaluate(async () => (await indexedDB.databases()).some(({ name }) => name.startsWith("agentrq-")));
    let isOpen = false;
    await page.route("**/*.wasm", async (route) => {
      for (let time = 0; time < 100 && !isOpen; time += 1) {
        await sleep(100);
        isOpen = await opened().catch(() => false);
      }
      await route.continue();
    });
    await page.goto(world.url + home.at(world));
    await page.locator("a[data-task]").first().waitFor();
    assert.ok(isOpen);
  });
});

test("the workspace that is looked at is asked for first: the others are once it is here", async () => {
  await visitor.fresh(async (page) => {
    const near = home.at(world).split("/")[2];
    const steps = [];
    await page.route("**/snapshot", async (route) => {
      const isNear = route.request().url().includes(near);
      // Long enough for the others, if they did not wait.
      if (isNear) await sleep(1_500);
      steps.push(isNear ? "it is here" : "another is asked for");
      await route.continue();
    });
    const other = page.waitForRequest(
      (request) => request.url().endsWith("/snapshot") && !request.url().includes(near),
    );
    await page.goto(world.url + home.at(world));
    await page.locator("a[data-task]").first().waitFor();
    await other;
    assert.equal(steps[0], "it is here");
  });
});

test("the build's initial chunks are as small", () => {
  const files = initialChunks();
  assert.ok(
    files.some(({ path }) => path.endsWith(".wasm")),
    `the rules are not among them:\n${listed(files)}`,
  );
  assert.ok(total(files) <= mostBytes, listed(files));
});

test("the policy names this origin only, and nothing inline", async () => {
  const { headers } = await fetch(world.url, { headers: { accept: "text/html" } });
  const policy = Object.fromEntries(
    headers
      .get("content-security-policy")
      .split(";")
      .map((directive) => directive.trim().split(/\s+/))
      .map(([name, ...sources]) => [name, sources]),
  );
  assert.deepEqual(policy["default-src"], ["'none'"]);
  assert.deepEqual(policy["script-src"], ["'self'", "'wasm-unsafe-eval'"]);
  assert.deepEqual(policy["style-src"], ["'self'"]);
  assert.deepEqual(policy["connect-src"], ["'self'"]);
  assert.deepEqual(policy["require-trusted-types-for"], ["'script'"]);
  assert.deepEqual(policy["trusted-types"], ["svelte-trusted-html", "dompurify", "agentrq"]);
  for (const name of ["base-uri", "frame-ancestors"]) assert.deepEqual(policy[name], ["'none'"], name);
  const allowed = /^('self'|'none'|'script'|'wasm-unsafe-eval'|blob:|data:|[a-z-]+)$/;
  for (const [name, sources] of Object.entries(policy))
    for (const source of sources) assert.match(source, allowed, `${name} ${source}`);
});

test("no text becomes markup or code: the browser refuses it in the running page", async () => {
  const tried = await visitor.see(home, (page) =>
    page.evaluate(async () => {
      const attempt = (work) => {
        try {
          work();
          return "done";
        } catch (error) {
          return error.name;
        }
      };
      const inline = document.createElement("script");
      const started = {
        markup: attempt(() => (document.createElement("div").innerHTML = "<b>bold</b>")),
        writing: attempt(() => document.write("<b>bold</b>")),
        script: attempt(() => (inline.text = "globalThis.inlineRan = true")),
        address: attempt(() => (document.createElement("script").src = "/assets/other.js")),
        policy: attempt(() => trustedTypes.createPolicy("anything", {})),
      };
      // What the test itself runs may evaluate: this is asked after it has returned to the page.
      const evaluated = await new Promise((done) => setTimeout(() => done(attempt(() => globalThis.eval("1")))));
      const styled = document.createElement("p");
      styled.setAttribute("style", "color: rgb(1, 2, 3)");
      document.body.append(styled);
      const colour = getComputedStyle(styled).color;
      styled.remove();
      const elsewhere = await fetch("https://example.com/").then(
        () => "done",
        (error) => error.name,
      );
      return { ...started, evaluated, styled: colour === "rgb(1, 2, 3)" ? "done" : "ignored", elsewhere };
    }),
  );
  assert.deepEqual(tried, {
    markup: "TypeError",
    writing: "TypeError",
    script: "TypeError",
    address: "TypeError",
    evaluated: "EvalError",
    policy: "TypeError",
    styled: "ignored",
    elsewhere: "TypeError",
  });
});
