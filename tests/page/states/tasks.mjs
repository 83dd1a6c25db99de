// Every task: as a list, filtered, as a board; and what lies over it.
import { ask } from "../world.mjs";

const row = (page) => page.getByRole("link", { name: /Delete user sessions/ });

export const tasks = [
  { name: "list", at: (world) => world.at("busy", "/tasks"), shows: row },
  {
    name: "list, a task open",
    at: (world) => world.at("busy", `/tasks/${world.rooms.busy.tasks.approved}`),
    shows: (page) => page.getByTestId("receipt"),
  },
  { name: "list, filtered", at: (world) => world.at("busy", "/tasks?kind=approve"), shows: row },
  { name: "list, searched", at: (world) => world.at("busy", "/tasks?q=sessions"), shows: row },
  {
    name: "list, nothing found",
    at: (world) => world.at("busy", "/tasks?q=zzzzzz"),
    shows: (page) => page.getByText(/Nothing matches/),
  },
  {
    name: "list, empty",
    at: (world) => world.at("empty", "/tasks"),
    shows: (page) => page.getByText(/No task|Nothing/i),
  },
  {
    name: "list, what breaks layouts",
    at: (world) => world.at("edge", "/tasks"),
    shows: (page) => page.getByRole("link", { name: /نشر/ }),
  },
  {
    name: "list, compact",
    alone: true,
    at: (world) => world.at("busy", "/tasks"),
    before: (page) =>
      page.addInitScript(() => localStorage.setItem("agentrq.preferences", JSON.stringify({ compact: true }))),
    shows: row,
  },
  {
    name: "list, its filters open",
    at: (world) => world.at("busy", "/tasks?status=notstarted&status=ongoing"),
    async enter(page) {
      await row(page).waitFor();
      await page.getByRole("button", { name: /^Filter/ }).click();
    },
    shows: (page) => page.getByRole("group", { name: "Filters" }),
  },
  { name: "board", at: (world) => world.at("busy", "/tasks?layout=board"), shows: row },
  {
    name: "board, what breaks layouts",
    at: (world) => world.at("edge", "/tasks?layout=board"),
    shows: (page) => page.getByRole("link", { name: /نشر/ }),
  },
  { name: "new task", at: (world) => world.at("busy", "?new=task"), shows: (page) => page.getByRole("dialog") },
  {
    name: "board, a card lifted by keyboard",
    at: (world) => world.at("busy", "/tasks?layout=board"),
    async enter(page) {
      await page.locator("section[data-column=completed] a[data-task]").first().press("Space");
    },
    shows: (page) => page.getByText(/unless a person reopens it/),
  },
  {
    name: "palette",
    at: (world) => world.at("busy"),
    async enter(page) {
      await row(page).waitFor();
      await page.keyboard.press("ControlOrMeta+k");
      await page.getByRole("combobox").fill("sess");
    },
    shows: (page) => page.getByRole("option", { name: /Delete user sessions/ }),
  },
  {
    name: "palette, nothing found",
    at: (world) => world.at("busy"),
    async enter(page) {
      await row(page).waitFor();
      await page.keyboard.press("ControlOrMeta+k");
      await page.getByRole("combobox").fill("zzzzzz");
    },
    shows: (page) => page.getByText("Nothing here matches."),
  },
  {
    name: "undo",
    alone: true,
    at: async (world) =>
      world.at("release", `/tasks/${await ask(world.rooms.release.agent, "Review: The checklist of 2.4")}`),
    async enter(page) {
      await page.getByRole("button", { name: "Task actions" }).click();
      await page.getByRole("menuitem", { name: "Mark as ongoing" }).click();
    },
    shows: (page) => page.getByRole("button", { name: "Undo" }),
  },
  {
    name: "task, called off",
    at: (world) => world.at("busy", `/tasks/${world.rooms.busy.tasks.own}`),
    async enter(page) {
      await page.getByRole("button", { name: "Task actions" }).click();
      await page.getByRole("menuitem", { name: /^Call it off/ }).click();
    },
    shows: (page) => page.getByRole("dialog"),
  },
  {
    name: "shortcuts",
    at: (world) => world.at("busy"),
    async enter(page) {
      await row(page).waitFor();
      await page.keyboard.press("?");
    },
    shows: (page) => page.getByRole("dialog", { name: "Keyboard" }),
  },
];

/** Of a room that all pages hold once it is there, and are slower for it: these come last. */
export const tenThousand = [
  {
    name: "list, ten thousand tasks",
    at: (world) => world.atLater("many", "/tasks"),
    shows: (page) => page.getByRole("link", { name: /what there is to do/ }),
  },
  {
    name: "board, ten thousand tasks",
    at: (world) => world.atLater("many", "/tasks?layout=board"),
    shows: (page) => page.getByRole("link", { name: /what there is to do/ }),
  },
];
