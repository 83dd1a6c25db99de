// Coming in: signing in, choosing a workspace, and addresses that lead nowhere.
const heading = (name) => (page) => page.getByRole("heading", { name });

export const entry = [
  { name: "sign in", signedOut: true, at: () => "/sign-in", shows: heading("Sign in to AgentRQ") },
  {
    name: "sign in, refused",
    signedOut: true,
    at: () => "/sign-in",
    async enter(page) {
      await page.getByLabel("Key").fill("not-the-key");
      await page.getByRole("button", { name: "Sign in" }).click();
    },
    shows: (page) => page.getByText("This key does not open anything."),
    expects: /status of 401/,
  },
  { name: "workspaces", at: () => "/workspaces", shows: heading("Workspaces") },
  {
    name: "workspaces, a new one",
    at: () => "/workspaces",
    enter: (page) => page.getByRole("button", { name: "New workspace" }).click(),
    shows: (page) => page.getByLabel("Mission"),
  },
  { name: "lost page", at: () => "/nowhere/at/all", shows: (page) => page.getByRole("heading") },
  {
    name: "workspace missing",
    at: (world) => `/w/${world.rooms.busy.id.slice(0, -1)}0`,
    shows: (page) => page.getByText("There is no such workspace."),
    expects: /status of (404|403)/,
  },
];
