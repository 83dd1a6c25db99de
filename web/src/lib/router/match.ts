// The table of addresses: which path is which view, and back. Pure, so that it can be tested without a browser.

export type Route =
  | { view: "signIn" }
  /** What needs the person in any workspace; `open` names one of these tasks. */
  | { view: "home"; open: { workspace: string; task: string } | null }
  /** What happened, in one workspace or in all. */
  | { view: "activity"; workspace: null }
  | { view: "activity"; workspace: string }
  | { view: "workspaces" }
  | { view: "needsYou"; workspace: string; task: string | null }
  | { view: "tasks"; workspace: string; task: string | null }
  | { view: "work"; workspace: string }
  | { view: "agents"; workspace: string }
  | { view: "connect"; workspace: string }
  | { view: "settings"; workspace: string }
  | { view: "lost"; path: string };

const part = (text: string | undefined): string | null => {
  if (text === undefined || text === "") return null;
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
};

export function matchPath(path: string): Route {
  const [first, second, third, fourth, ...more] = path.split("/").slice(1);
  const lost: Route = { view: "lost", path };
  if (more.length > 0) return lost;
  if (!first) return { view: "home", open: null };
  if (first === "sign-in" && !second) return { view: "signIn" };
  if (first === "workspaces" && !second) return { view: "workspaces" };
  if (first === "activity" && !second) return { view: "activity", workspace: null };
  const workspace = part(second);
  if (workspace === null) return lost;
  if (first === "needs-you") {
    const task = part(third);
    return task === null || fourth ? lost : { view: "home", open: { workspace, task } };
  }
  if (first !== "w") return lost;
  const task = part(fourth);
  if (!third) return { view: "needsYou", workspace, task: null };
  if (third === "needs-you") return { view: "needsYou", workspace, task };
  if (third === "tasks") return { view: "tasks", workspace, task };
  if (fourth) return lost;
  if (third === "work" || third === "agents" || third === "connect" || third === "settings" || third === "activity")
    return { view: third, workspace };
  return lost;
}

export function pathOf(route: Exclude<Route, { view: "lost" }>): string {
  switch (route.view) {
    case "signIn":
      return "/sign-in";
    case "home":
      return route.open === null
        ? "/"
        : `/needs-you/${encodeURIComponent(route.open.workspace)}/${encodeURIComponent(route.open.task)}`;
    case "activity":
      return route.workspace === null ? "/activity" : `/w/${encodeURIComponent(route.workspace)}/activity`;
    case "workspaces":
      return "/workspaces";
    case "needsYou":
      return route.task === null
        ? `/w/${encodeURIComponent(route.workspace)}`
        : `/w/${encodeURIComponent(route.workspace)}/needs-you/${encodeURIComponent(route.task)}`;
    case "tasks":
      return `/w/${encodeURIComponent(route.workspace)}/tasks${route.task === null ? "" : `/${encodeURIComponent(route.task)}`}`;
    default:
      return `/w/${encodeURIComponent(route.workspace)}/${route.view}`;
  }
}
