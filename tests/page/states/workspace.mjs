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
    at: () => "/nowhere",
    async enter(page, world) {
      page.room = await world.person.make("/api/workspaces", { name: "first-steps" });
      await page.goto(`${world.url}/w/${page.room.id}`);
      await page.getByRole("button", { name: "Try it with a practice agent" }).click();
      await page.getByRole("link", { name: /Rename the branch/ }).click();
      await approve(page).click();
      await page.getByText("Thank you.").waitFor();
    },
    shows: (page) => page.getByRole("region", { name: "Practice agent" }).getByText("runs in this page"),
    leave: (page, world) => world.person.remove(`/api/workspaces/${page.room.id}`),
  },
];
