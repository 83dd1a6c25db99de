// What goes wrong, and how the page says so: no network, a server that is away or refuses, answers that come too late, another version.
import { isKept, isWhole } from "../../lib/page.mjs";
import { ask } from "../world.mjs";

const cut = /ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED/;
const approve = (page) => page.getByRole("button", { name: "Approve", exact: true });
const allSaved = (page) => page.getByText("All saved").first().waitFor({ state: "attached" });

/** Loses the network once the page is wholly kept, as it is for a person. */
export async function cutOff(page) {
  await allSaved(page);
  await isWhole(page);
  await page.context().setOffline(true);
  await page
    .getByText(/^Offline/)
    .first()
    .waitFor({ state: "attached" });
}

/** A task that is this visit's alone: what happens to it happens to nobody else. */
export const anew =
  (title, body = "") =>
  async (world) =>
    world.at("release", `/tasks/${await ask(world.rooms.release.agent, title, body)}`);
const publish = anew(
  "Approve: Publish 2.4 to everybody",
  "Rollout: 10 % a day.\nIt can be stopped at any time.\nNotes are on the site.\n",
);
const taskOf = (page) => new URL(page.url()).pathname.split("/").at(-1);

/** Approves what is another by the time that the approval arrives. */
async function tooLate(page, meanwhile) {
  await approve(page).waitFor();
  await cutOff(page);
  await approve(page).click();
  await page.getByText("Your approval waits for the network.").waitFor();
  await meanwhile(taskOf(page));
  await page.context().setOffline(false);
}

/** Every answer of the server to these addresses is this one. */
const answers = (page, addresses, status, problem) =>
  page.route(addresses, (route) =>
    route.fulfill({ status, contentType: "application/problem+json", body: JSON.stringify({ status, ...problem }) }),
  );
const busyServer = { code: "unavailable", title: "The server is busy", detail: "The server is busy, try again later." };
const failure = { code: "internal", title: "The server failed", detail: "" };

async function reply(page, words) {
  await page.getByRole("textbox", { name: "Reply" }).fill(words);
  await page.getByRole("button", { name: "Send reply" }).click();
}

/** The page hears of a server with another build, or that speaks what this page does not. */
async function hears(page, { build = null, protocol = null }) {
  await page.addInitScript(
    ([build, protocol]) => {
      const { fetch } = globalThis;
      globalThis.fetch = async (...asked) => {
        const response = await fetch(...asked);
        if (!response.headers.get("content-type")?.startsWith("text/event-stream")) return response;
        const [decoder, encoder] = [new TextDecoder(), new TextEncoder()];
        const changed = new TransformStream({
          transform(bytes, out) {
            let text = decoder.decode(bytes, { stream: true });
            if (protocol !== null) text = text.replaceAll(/"protocol":\d+/g, `"protocol":${protocol}`);
            if (build !== null) text = text.replaceAll(/"build":"[^"]*"/g, `"build":"${build}"`);
            out.enqueue(encoder.encode(text));
          },
        });
        return new Response(response.body.pipeThrough(changed), { status: response.status, headers: response.headers });
      };
    },
    [build, protocol],
  );
  await page.reload();
}

const list = (world) => world.at("busy", "/tasks");

export const trouble = [
  {
    name: "offline",
    alone: true,
    at: (world) => world.at("busy"),
    enter: cutOff,
    shows: (page) => page.getByText(/^Offline/),
    expects: cut,
  },
  {
    name: "approval, changed meanwhile",
    alone: true,
    at: publish,
    enter: (page, world) =>
      tooLate(page, (task) =>
        world.rooms.release.change(`/tasks/${task}`, {
          body: "Rollout: 50 % a day.\nIt can be stopped at any time.\nNotes are on the site, and in the mail.\n",
        }),
      ),
    shows: (page) => page.getByRole("group", { name: /^What has changed/ }).getByText("Rollout: 50 % a day."),
    expects: cut,
  },
  {
    name: "approval, somebody was first",
    alone: true,
    at: publish,
    enter: (page, world) =>
      tooLate(page, (task) => world.rooms.release.decide(task, "rejected", "Not before the weekend.")),
    shows: (page) => page.getByText("Your approval was not taken."),
    expects: cut,
  },
  {
    name: "refusals",
    alone: true,
    at: anew("Question: Which day?", "Any of them is as good."),
    async enter(page, world) {
      await cutOff(page);
      await reply(page, "On Tuesday, before the others are there, so that nobody has to wait.");
      await page.getByText(/^Offline · 1 change waits/).waitFor({ state: "attached" });
      await world.rooms.release.remove(`/tasks/${taskOf(page)}`);
      await page.context().setOffline(false);
      await page.getByRole("button", { name: /change refused$/ }).click();
    },
    shows: (page) => page.getByRole("dialog", { name: "Not done" }).getByText(/On Tuesday/),
    expects: new RegExp(`${cut.source}|status of 404`),
  },
  {
    name: "signing out, words wait",
    alone: true,
    at: anew("Question: Who is on call?", "For the first hour after the release."),
    async enter(page, world) {
      await allSaved(page);
      await page.route("**/commands", (route) => route.abort());
      await reply(page, "I am. Write me, whatever it is.");
      await isKept(page, { table: "queue", has: "I am. Write me" });
      await page.goto(`${world.url}/workspaces`);
      await page.getByRole("button", { name: "Sign out" }).click();
    },
    shows: (page) => page.getByRole("dialog", { name: "Sign out?" }).getByText(/I am\. Write me/),
    expects: /ERR_FAILED/,
  },
  {
    name: "server does not take it",
    alone: true,
    at: anew("Question: Which hour?", "In the time of the office."),
    async enter(page) {
      await allSaved(page);
      await answers(page, "**/commands", 503, busyServer);
      await reply(page, "At ten.");
    },
    shows: (page) => page.getByText(/1 change not sent/),
    expects: /status of 503/,
  },
  {
    name: "server away, what is known is here",
    alone: true,
    at: list,
    async enter(page) {
      await allSaved(page);
      await isWhole(page);
      await page.route("**/api/**", (route) => route.abort());
      await page.reload();
    },
    shows: (page) => page.getByText("Connecting…"),
    expects: /ERR_FAILED/,
  },
  {
    name: "server fails, nothing is known",
    alone: true,
    at: list,
    async before(page) {
      await page.addInitScript(() => localStorage.removeItem("agentrq.person"));
      await answers(page, "**/api/**", 500, failure);
    },
    shows: (page) => page.getByRole("heading", { name: "The page could not start." }),
    expects: /status of 500/,
  },
  {
    name: "workspace cannot be loaded",
    alone: true,
    at: list,
    before: (page) => answers(page, "**/snapshot*", 500, failure),
    shows: (page) => page.getByRole("heading", { name: "The workspace could not be loaded." }),
    expects: /status of 500/,
  },
  {
    name: "thread cannot be loaded",
    alone: true,
    at: (world) => world.at("busy", `/tasks/${world.rooms.busy.tasks.thread}`),
    before: (page) => answers(page, /\/messages\?/, 500, failure),
    shows: (page) => page.getByText("The thread could not be loaded."),
    expects: /status of 500/,
  },
  {
    name: "page too old for the server",
    alone: true,
    at: list,
    enter: (page) => hears(page, { protocol: 999 }),
    shows: (page) => page.getByText("This page is too old for the server"),
  },
  {
    name: "a new version",
    alone: true,
    at: list,
    enter: (page) => hears(page, { build: "another" }),
    shows: (page) => page.getByText("A new version is ready"),
  },
];
