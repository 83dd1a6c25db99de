// Addresses: each view has one, and each one leads back to its view.
import { describe, expect, it } from "vitest";
import { matchPath, pathOf, type Route } from "../src/lib/router/match";
import { withQuery } from "../src/lib/router/query";

const routes: Exclude<Route, { view: "lost" }>[] = [
  { view: "signIn" },
  { view: "home", open: null },
  { view: "home", open: { workspace: "w1", task: "0ZRgCquBZ7R" } },
  { view: "activity", workspace: null },
  { view: "activity", workspace: "w1" },
  { view: "workspaces" },
  { view: "needsYou", workspace: "w1", task: null },
  { view: "needsYou", workspace: "w1", task: "0ZRgCquBZ7R" },
  { view: "tasks", workspace: "w1", task: null },
  { view: "tasks", workspace: "w1", task: "12" },
  { view: "agents", workspace: "w1" },
  { view: "connect", workspace: "w1" },
  { view: "settings", workspace: "w1" },
];

describe("addresses", () => {
  it.each(routes)("lead there and back: %o", (route) => {
    expect(matchPath(pathOf(route))).toEqual(route);
  });

  it("take the root as what needs the person, anywhere", () => {
    expect(matchPath("/")).toEqual({ view: "home", open: null });
  });

  it.each([
    "/w",
    "/w/",
    "/w/w1/nowhere",
    "/w/w1/agents/more",
    "/w/w1/tasks/1/2",
    "/elsewhere",
    "/needs-you",
    "/needs-you/w1",
    "/needs-you/w1/1/2",
    "/activity/w1",
    "/w/%E0%A4%A",
  ])("that lead nowhere say so: %s", (path) => {
    expect(matchPath(path)).toEqual({ view: "lost", path });
  });

  it("keep ids with odd characters whole", () => {
    const route = { view: "tasks", workspace: "a/b", task: "c d" } as const;
    expect(matchPath(pathOf(route))).toEqual(route);
  });
});

describe("withQuery", () => {
  it("sets, replaces and clears one parameter and leaves the others", () => {
    expect(withQuery("/w/x", "", "kind", "approve")).toBe("/w/x?kind=approve");
    expect(withQuery("/w/x", "?kind=a&q=1", "kind", "b")).toBe("/w/x?kind=b&q=1");
    expect(withQuery("/w/x", "?kind=a", "kind", null)).toBe("/w/x");
  });
});
