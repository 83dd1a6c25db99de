// What stands around the tasks: agents, how they connect, settings, and where a new person begins.
const today = (page) => page.getByRole("region", { name: "Today" }).getByRole("listitem").first();
const approve = (page) => page.getByRole("button", { name: "Approve", exact: true });
const heading = (name) => (page) => page.getByRole("heading", { level: 1, name });

export const workspace = [
  {
    name: "agents",
    at: (world) => world.at("busy", "/agents"),
    shows: (page) => page.getByRole("heading", { name: "Night watch" }),
  },
  {
    name: "agents, none",
    at: (world) => world.at("empty", "/agents"),
    shows: (page) => page.getByRole("heading", { name: "No agent yet." }),
  },
  { name: "agents, long names", at: (world) => world.at("edge", "/agents"), shows: heading("Agents") },
  {
    name: "work",
    at: (world) => world.at("planned", "/work"),
    shows: (page) => page.getByText("Wiring the provider's refund API"),
  },
  {
    name: "work, none",
    at: (world) => world.at("empty", "/work"),
    shows: (page) => page.getByRole("heading", { name: "No lists yet." }),
  },
  {
    name: "work, what waits for what",
    at: (world) => world.at("planned", `/work?list=main&as=graph&task=${world.rooms.planned.tasks.claimed}`),
    enter: (page) => page.getByText("The same as a list").click(),
    shows: (page) => page.getByRole("heading", { name: "Wave 2" }),
  },
  {
    name: "work, what ran when",
    at: (world) => world.at("planned", "/work?as=timeline"),
    enter: (page) => page.getByText("The same as a table").click(),
    shows: (page) => page.getByRole("columnheader", { name: "Contact lost" }),
  },
  {
    name: "work, a task of a list",
    at: (world) => world.at("planned", `/tasks/${world.rooms.planned.tasks.claimed}`),
    shows: (page) => page.getByText("idempotency key"),
  },
  {
    name: "work, a task's place",
    at: (world) => world.at("planned", `/tasks/${world.rooms.planned.tasks.claimed}?edit=work`),
    enter: (page) => page.getByRole("dialog").getByRole("searchbox").fill("refund"),
    shows: (page) => page.getByText(/would go in a circle/),
  },
  {
    name: "background, running",
    at: (world) => world.at("planned", `/tasks/${world.rooms.planned.tasks.running}`),
    shows: (page) => page.getByText("refunds twice for one key"),
  },
  {
    name: "background, failed",
    at: (world) => world.at("planned", `/tasks/${world.rooms.planned.tasks.failed}`),
    shows: (page) => page.getByText("Found 2 errors"),
  },
  {
    name: "background, to stop",
    at: (world) => world.at("planned", `/tasks/${world.rooms.planned.tasks.stopping}`),
    shows: (page) => page.getByText(/Stop requested/),
  },
  {
    name: "background, searched",
    at: (world) => world.at("planned", `/tasks/${world.rooms.planned.tasks.running}`),
    enter: async (page) => {
      await page.getByText("refunds twice for one key").waitFor();
      await page
        .getByRole("button", { name: /Search/ })
        .first()
        .click();
      await page.keyboard.type("refund");
    },
    shows: (page) => page.getByText(/1 of \d+/),
  },
  {
    name: "work, workflows",
    at: (world) => world.at("planned", "/work"),
    async enter(page) {
      await page.getByRole("heading", { name: "Workflows", exact: true }).scrollIntoViewIfNeeded();
    },
    shows: (page) => page.getByText("1 of 4"),
  },
  {
    name: "work, a workflow to start",
    at: (world) => world.at("planned", "/work"),
    enter: (page) => page.getByRole("button", { name: "Start release" }).click(),
    shows: (page) => page.getByRole("dialog", { name: "Start release" }),
  },
  {
    name: "work, a workflow that is wrong",
    expects: /status of 400/,
    at: (world) => world.at("planned", "/work"),
    async enter(page) {
      await page.getByRole("button", { name: "New workflow" }).click();
      await page.getByLabel("Workflow JSON").fill('{"name": "nightly", "steps": [{"key": "a"}]}');
      await page.getByRole("button", { name: "Save", exact: true }).click();
    },
    shows: (page) => page.getByText(/^steps\[0\]\.subject/),
  },
  {
    name: "work, a workflow's run",
    at: (world) => world.at("planned", `/tasks/${world.rooms.planned.tasks.run}`),
    shows: (page) => page.getByText("1 of 4 steps"),
  },
  {
    name: "tasks, of a list",
    at: (world) => world.at("planned", "/tasks?list=main"),
    shows: (page) => page.getByText("Write the migration"),
  },
  { name: "connect", at: (world) => world.at("empty", "/connect"), shows: heading("Connect an agent") },
  {
    name: "connect, a token",
    at: (world) => world.at("empty", "/connect"),
    enter: (page) => page.getByRole("button", { name: "Create token" }).click(),
    shows: (page) => page.getByText(/The token is shown once/),
  },
  {
    name: "connect, another client",
    at: (world) => world.at("busy", "/connect"),
    enter: (page) => page.getByRole("radio", { name: "Another client" }).check(),
    shows: (page) => page.getByRole("group", { name: "Header" }),
  },
  {
    name: "activity",
    at: (world) => world.at("busy", "/activity"),
    shows: today,
  },
  {
    name: "activity, of one agent",
    at: (world) => world.at("busy", "/activity?agent=Night%20watch"),
    shows: (page) => page.getByText("connected").first(),
  },
  { name: "activity, in all workspaces", at: () => "/activity", shows: today },
  { name: "activity, none", at: (world) => world.at("empty", "/activity"), shows: heading("Activity") },
  {
    name: "settings",
    at: (world) => world.at("busy", "/settings"),
    shows: (page) => page.getByLabel("What Night watch opens"),
  },
  {
    name: "settings, to be notified",
    alone: true,
    at: (world) => world.at("busy", "/settings"),
    async enter(page) {
      await page.context().grantPermissions(["notifications"]);
      await page.reload();
      await page.getByRole("switch", { name: /^Notify me/ }).check();
      await page.getByRole("switch", { name: /^With a sound/ }).check();
    },
    shows: (page) => page.getByText("Once for each ask, when this page is in the background.", { exact: true }),
  },
  {
    name: "workspace switcher",
    at: (world) => world.at("busy"),
    enter: (page) => page.getByRole("button", { name: /^Workspace:/ }).click(),
    shows: (page) => page.getByRole("menuitem", { name: "Manage workspaces" }),
  },
  {
    name: "practice agent",
    alone: true,
    // It stays: of a room that is gone, a page that others have just opened would say that it may not read it.
    at: async (world) => `/w/${(await world.person.make("/api/workspaces", { name: "first-steps" })).id}`,
    async enter(page) {
      await page.getByRole("button", { name: "Try it with a practice agent" }).click();
      await page.getByRole("link", { name: /Rename the branch/ }).click();
      await approve(page).click();
      await page.getByText("Thank you.").waitFor();
    },
    shows: (page) => page.getByRole("region", { name: "Practice agent" }).getByText("runs in this page"),
  },
];
