// Other pages in the same browser, and what agents send: neither can act as the person, in Chromium.
//
// Cookies are shared by every port of a host, so a page on another port is the nearest an attacker can come.
/* global document, window, EventSource */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { Agent } from "../lib/agent.mjs";
import { openBrowser, signedInPage } from "../lib/browser.mjs";
import { settle, startWorld } from "../lib/world.mjs";

let world;
let browser;
/** A page on another port, and every request that reached its server. */
let evil;
const seen = [];

before(async () => {
  world = await startWorld();
  browser = await openBrowser();
  evil = createServer((request, response) => {
    seen.push({ path: request.url, cookie: request.headers.cookie });
    response.setHeader("content-type", "text/html");
    response.end("<!doctype html><title>another port</title>");
  });
  await new Promise((done) => evil.listen(0, "127.0.0.1", done));
  evil.url = `http://127.0.0.1:${evil.address().port}`;
});
after(async () => {
  await browser?.close();
  evil?.close();
  evil?.closeAllConnections();
  await world?.end();
});

describe("a page on another port of the same host", () => {
  let room, token, base, task, file, page, own, answers;

  before(async () => {
    let workspace;
    ({ room, token, workspace } = await settle(world));
    task = await room.make("/tasks", { title: "Approve: a secret plan", assignee: "human" });
    file = await room.make("/attachments?filename=a.png", Buffer.from("89504e470d0a1a0a", "hex"), {
      "content-type": "image/png",
    });
    base = world.url + room.base;
    // The person has the product open in a browser, and comes upon the other page in the same browser.
    own = await signedInPage(browser, world, `/w/${workspace.id}`);
    await own.getByRole("link", { name: task.title }).first().waitFor();
    page = await own.context().newPage();
    answers = [];
    page.on("response", (response) => answers.push([response.request().method(), response.url(), response.status()]));
    await page.goto(evil.url);
  });

  /** Nothing of the workspace has changed while `work` was done, and nobody was let in. */
  async function nothingComesOf(work) {
    const state = async () => {
      const { cursor, tasks, deliveries } = await room.get("/snapshot");
      return { cursor, tasks, deliveries, tokens: (await room.get("/tokens")).tokens };
    };
    const earlier = await state();
    answers.length = 0;
    const result = await work();
    const own = answers.filter(([, url]) => url.startsWith(world.url));
    for (const [method, url, status] of own) assert.ok(status >= 400 && status < 500, `${method} ${url}: ${status}`);
    assert.deepEqual(await state(), earlier);
    return result;
  }

  /** Every way in which a page can send a request by script. */
  const bySendingIt = (method, path, body) =>
    page.evaluate(
      async ([url, method, body]) => {
        const ways = [
          { mode: "cors", credentials: "include" },
          { mode: "no-cors", credentials: "include" },
          { mode: "cors", credentials: "include", headers: { "content-type": "application/json" } },
          { mode: "no-cors", credentials: "include", headers: { "content-type": "text/plain" } },
        ];
        const read = [];
        for (const way of ways) {
          const response = await fetch(url, { method, body, ...way }).catch((error) => String(error));
          if (typeof response === "string" || response.type === "opaque") continue;
          read.push(await response.text());
        }
        return read;
      },
      [base.replace(room.base, path.startsWith("/api") ? path : room.base + path), method, body],
    );

  test("gets the cookie itself, which opens nothing without the key of the product's own origin", async () => {
    const { cookie } = seen.find(({ path }) => path === "/");
    assert.match(cookie, /agentrq_session=/, "if this fails, browsers have changed and the key is not needed");
    for (const path of ["/snapshot", "/tasks", "/events", "/tokens", `/attachments/${file.id}`, ""]) {
      const response = await fetch(base + path, { headers: { cookie } });
      assert.deepEqual([response.status, (await response.json()).code], [401, "session_key_required"], path);
    }
  });

  test("reads nothing with fetch", async () => {
    for (const path of ["/snapshot", "/tasks", "/events", `/attachments/${file.id}`, "/api/workspaces", "/api/session"])
      assert.deepEqual(await nothingComesOf(() => bySendingIt("GET", path)), [], path);
  });

  test("writes nothing with fetch, whatever content type it claims", async () => {
    const verdict = { text: "yes", verdict: "approved", digest: task.digest };
    for (const [method, path, body] of [
      ["POST", "/tasks", { title: "planted" }],
      ["POST", `/tasks/${task.id}/messages`, verdict],
      ["POST", "/commands", { clientId: "x", commands: [] }],
      ["POST", "/attachments", "bytes"],
      ["POST", "/tokens", { label: "planted" }],
      ["POST", "/api/workspaces", { name: "planted" }],
      ["POST", "/api/session", { key: world.server.key }],
      ["PATCH", `/tasks/${task.id}`, { status: "completed" }],
      ["DELETE", `/tasks/${task.id}`],
      ["DELETE", "/api/session"],
    ])
      assert.deepEqual(await nothingComesOf(() => bySendingIt(method, path, body && JSON.stringify(body))), [], path);
  });

  test("writes nothing with a form", async () => {
    await nothingComesOf(async () => {
      for (const encoding of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
        for (const path of ["/tasks", `/tasks/${task.id}/messages`, "/attachments"]) {
          const target = base + path;
          const answered = page.waitForResponse((response) => response.url() === target);
          await page.evaluate(
            ([action, encoding]) => {
              const frame = document.createElement("iframe");
              frame.name = "f";
              const form = document.createElement("form");
              Object.assign(form, { method: "POST", action, enctype: encoding, target: "f" });
              const field = document.createElement("input");
              // As text/plain this is sent as one JSON object.
              Object.assign(field, { name: '{"title":"planted","text":"planted","x":"', value: '"}' });
              form.append(field);
              document.body.replaceChildren(frame, form);
              form.submit();
            },
            [target, encoding],
          );
          await answered;
        }
    });
  });

  test("hears nothing from the event stream", async () => {
    const heard = await nothingComesOf(() =>
      page.evaluate(
        (url) =>
          new Promise((done) => {
            const source = new EventSource(url, { withCredentials: true });
            source.onopen = () => done("open");
            source.onmessage = () => done("a message");
            source.onerror = () => (source.close(), done("nothing"));
          }),
        `${base}/events`,
      ),
    );
    assert.equal(heard, "nothing");
  });

  test("shows no picture, script, style or frame of it", async () => {
    for (const [tag, place] of [
      ["img", "src"],
      ["script", "src"],
      ["link", "href"],
      ["object", "data"],
      ["video", "src"],
    ])
      for (const path of [`/attachments/${file.id}`, "/snapshot"]) {
        const shown = await nothingComesOf(() =>
          page.evaluate(
            ([tag, place, url]) =>
              new Promise((done) => {
                const element = document.createElement(tag);
                element.onload = () => done("loaded");
                element.onerror = () => done("nothing");
                if (tag === "link") element.rel = "stylesheet";
                element[place] = url;
                document.body.append(element);
              }),
            [tag, place, base + path],
          ),
        );
        assert.equal(shown, "nothing", `${tag} ${path}`);
      }
    // The page itself is anyone's to load, but nobody's to frame.
    await page.setContent(`<iframe src="${own.url()}"></iframe>`);
    await assert.rejects(async () => {
      const frame = page.frames().find((one) => one !== page.mainFrame());
      await frame.waitForURL(own.url(), { timeout: 500 });
      await frame.getByRole("navigation").waitFor({ timeout: 500 });
    });
  });

  test("cannot steer the product's window, nor be steered into an answer by a click", async () => {
    await page.goto(evil.url);
    const opened = page.context().waitForEvent("page");
    await page.evaluate((url) => void (globalThis.other = window.open(url)), own.url());
    await (await opened).getByRole("navigation").waitFor();
    assert.equal(await page.evaluate(() => globalThis.other.closed), true, "to its opener the window is as if closed");
    await (await opened).close();
    const response = await page.goto(`${base}/snapshot`);
    assert.ok(response.status() >= 400, "a link to data is no way to data");
  });

  test("has an agent's token refused too, as no browser may bring one from elsewhere", async () => {
    await page.goto(evil.url);
    const read = await nothingComesOf(() =>
      page.evaluate(async (url) => {
        const response = await fetch(url).catch((error) => error.name);
        return typeof response === "string" ? "nothing" : response.status;
      }, `${token.mcpUrl}`),
    );
    assert.equal(read, "nothing");
  });

  test("has left the person signed in and at work", async () => {
    await own.reload();
    await own.getByRole("link", { name: task.title }).first().waitFor();
  });
});

describe("what an agent sends", () => {
  const run = "globalThis.pwned=1;fetch('/api/workspaces')";
  const hostile = () => [
    `<script>${run}</script>`,
    `<img src=x onerror="${run}">`,
    `<svg onload="${run}"></svg>`,
    `<svg><script>${run}</script></svg>`,
    `<iframe srcdoc="<script>parent.pwned=1</script>"></iframe>`,
    `<details open ontoggle="${run}">x</details>`,
    `<style>body{background:url(${evil.url}/style)}</style>`,
    `<form action="${evil.url}/form"><button>Approve</button></form>`,
    `<meta http-equiv="refresh" content="0;url=${evil.url}/meta">`,
    `<base href="${evil.url}/">`,
    `<link rel="stylesheet" href="${evil.url}/link">`,
    `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=${run}&gt;">`,
    `[a link](javascript:${run})`,
    `[a link](JaVaScRiPt&colon;${run})`,
    `[a link](\u0001javascript:${run})`,
    `[a link](data:text/html,<script>${run}</script>)`,
    `[a link](vbscript:x)`,
    `<javascript:${run}>`,
    `[reference][r]\n\n[r]: javascript:${run}`,
    `![a picture](javascript:${run})`,
    `![a picture](${evil.url}/picture.png)`,
    `![a picture](data:image/svg+xml,<svg onload="${run}"/>)`,
    `<a href="javascript:${run}">raw</a>`,
    `<div style="position:fixed;inset:0" onclick="${run}">over everything</div>`,
    `\`\`\`"><img src=x onerror=${run}>\ncode\n\`\`\``,
    `<button data-key="approve">Approve</button>`,
  ];

  test("in words stays words: no script, no foreign request, no link that runs", async () => {
    const { workspace, room, token } = await settle(world);
    const agent = await Agent.connect(token.mcpUrl, { agent: `<img src=x onerror=pwned=1>` });
    const page = await signedInPage(browser, world, `/w/${workspace.id}`);
    const foreign = [];
    page.on("request", (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol.startsWith("http") && origin !== world.url) foreign.push(request.url());
    });
    page.on("dialog", (dialog) => (foreign.push(dialog.message()), dialog.dismiss()));
    seen.length = 0;
    try {
      const title = `Review: <img src=x onerror="${run}">`;
      const { task_id: task } = await agent.call("createTask", {
        title,
        body: `${hostile().join("\n\n")}\n\nend of the body`,
        assignee: "human",
        attachments: [
          { filename: `<img src=x onerror=pwned=1>.svg`, mimeType: "image/svg+xml", data: "" },
          {
            filename: "x.png",
            mimeType: "image/png",
            data: Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" onload="${run}"/>`).toString("base64"),
          },
        ].map((file) => ({ ...file, filename: file.filename.replaceAll("/", "") })),
      });
      for (const text of hostile()) await agent.call("reply", { chat_id: task, text });
      await agent.call("reply", { chat_id: task, text: "end of the thread" });
      await page.getByRole("link", { name: title }).first().click();
      await page.getByText("end of the body").waitFor();
      await page.getByText("end of the thread").waitFor();
      // A text that hides something is shown to the byte first; then as what it would be if it were let.
      for (const view of ["Show formatted", "Show exact text"]) {
        assert.equal(await page.getByRole("button", { name: "Approve", exact: true }).count(), 1);
        await page.getByRole("button", { name: view }).click();
        const found = await page.evaluate(() => ({
          pwned: globalThis.pwned,
          links: [...document.querySelectorAll("a[href]")].map((link) => link.protocol),
          odd: document.querySelectorAll("article :is(script, iframe, object, embed, form, style, meta, base, link)")
            .length,
          handlers: [...document.querySelectorAll("*")].flatMap((element) =>
            [...element.attributes].map(({ name }) => name).filter((name) => name.startsWith("on")),
          ),
          // The page itself keeps room for what is far from the reader and for the keys of a phone; nothing that an agent wrote bears a style.
          styled: document.querySelectorAll("article [style]:not(.nearby, .dock), article .html [style]").length,
        }));
        assert.equal(found.pwned, undefined);
        assert.deepEqual(
          found.links.filter((protocol) => !["http:", "https:", "mailto:"].includes(protocol)),
          [],
        );
        assert.deepEqual([found.odd, found.handlers, found.styled], [0, [], 0]);
      }
      assert.deepEqual(foreign, []);
      assert.deepEqual(seen, []);
      assert.equal((await room.get(`/tasks/${task}`)).status, "notstarted");
    } finally {
      await agent.close();
      await page.context().close();
    }
  });

  test("as a file comes down as a download: opened, framed or used as a script it does not run", async () => {
    const { person, room, token } = await settle(world);
    const agent = await Agent.connect(token.mcpUrl);
    const context = await browser.newContext();
    try {
      const html = `<script>globalThis.pwned=1;document.title="pwned"</script>`;
      const { task_id: task } = await agent.call("createTask", {
        title: "Files",
        attachments: [
          ["a.html", "text/html", html],
          ["a.xhtml", "application/xhtml+xml", `<html xmlns="http://www.w3.org/1999/xhtml">${html}</html>`],
          ["a.svg", "image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg">${html}</svg>`],
          ["a.xml", "text/xml", `<x:script xmlns:x="http://www.w3.org/1999/xhtml">pwned=1</x:script>`],
          ["a.js", "text/javascript", "globalThis.pwned=1"],
          ["a.css", "text/css", "body{display:none}"],
          ["a.pdf", "application/pdf", "%PDF-1.4"],
          ["a.txt", "text/plain", html],
          ["a", "", html],
        ].map(([filename, mimeType, text]) => ({ filename, mimeType, data: Buffer.from(text).toString("base64") })),
      });
      const [{ attachments }] = (await room.get(`/tasks/${task}/messages`)).messages;
      assert.equal(attachments.length, 9);

      // A script's session has no key, so its cookie alone opens the file: the worst case.
      const [name, value] = person.cookie.split("=");
      await context.addCookies([{ name, value, url: world.url, httpOnly: true, sameSite: "Lax" }]);
      const page = await context.newPage();
      const downloads = [];
      page.on("download", (download) => downloads.push(download.suggestedFilename()));
      for (const { id, filename } of attachments) {
        const url = `${world.url}${room.base}/attachments/${id}`;
        await page.goto(`${world.url}/sign-in`);
        await page.goto(url).then(
          (response) => assert.fail(`${filename} was opened as a page: ${response.headers()["content-type"]}`),
          (error) => assert.match(error.message, /download|ERR_ABORTED/i),
        );
        const tried = await page.evaluate(async (url) => {
          const tried = [];
          for (const [tag, place] of [
            ["script", "src"],
            ["iframe", "src"],
            ["object", "data"],
            ["embed", "src"],
          ]) {
            const element = document.createElement(tag);
            const loaded = new Promise((done) => {
              element.onload = () => done("loaded");
              element.onerror = () => done("refused");
              setTimeout(() => done("refused"), 300);
            });
            try {
              element[place] = url;
              document.body.append(element);
              tried.push(tag === "iframe" ? (await loaded, "refused") : await loaded);
              if (element.contentDocument?.title === "pwned") tried.push("pwned");
            } catch {
              tried.push("refused");
            }
          }
          return [...tried, String(globalThis.pwned), document.title];
        }, url);
        assert.deepEqual(tried.slice(0, 5), ["refused", "refused", "refused", "refused", "undefined"], filename);
        assert.notEqual(tried[5], "pwned");
      }
      assert.deepEqual(
        downloads.slice(0, attachments.length).map((name) => name.split(".")[0]),
        attachments.map(() => "a"),
      );
    } finally {
      await agent.close();
      await context.close();
    }
  });
});
