// The home: what waits for the person, and what it looks like when nothing does.
const risky = (page) => page.getByRole("link", { name: /Delete user sessions/ });

export const needsYou = [
  { name: "home", at: () => "/", shows: risky },
  { name: "needs you", at: (world) => world.at("busy"), shows: risky },
  {
    name: "needs you, nothing",
    at: (world) => world.at("calm"),
    shows: (page) => page.getByText("Nothing needs you."),
  },
  { name: "needs you, first visit", at: (world) => world.at("empty"), shows: (page) => page.getByRole("heading") },
];
