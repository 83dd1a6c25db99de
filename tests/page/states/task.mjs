// One task: what is asked, the answer on its way and after it, and the threads that break layouts.
import { anew, cutOff } from "./trouble.mjs";

const open =
  (room, task, view = "needs-you") =>
  (world) =>
    world.at(room, `/${view}/${world.rooms[room].tasks[task]}`);
const approve = (page) => page.getByRole("button", { name: "Approve", exact: true });
const title = (text) => (page) => page.getByRole("heading", { level: 1, name: text });

const click = (name) => (page) => page.getByRole("button", { name }).first().click();
/** Opens what stands behind the chevron beside the answers, and chooses from it. */
async function more(page, choice) {
  await click("More ways to answer")(page);
  await page.getByRole("menuitem", { name: choice }).click();
}

export const task = [
  { name: "approval", at: open("busy", "plain"), shows: approve },
  { name: "approval, high risk", at: open("busy", "risky"), shows: (page) => page.getByText("irreversible").first() },
  {
    name: "approval, its risk explained",
    at: open("busy", "risky"),
    enter: (page) => page.getByRole("button", { name: "irreversible" }).click(),
    shows: (page) => page.getByText(/It says/),
  },
  {
    name: "approval, folded",
    at: open("busy", "folded"),
    shows: (page) => page.getByRole("button", { name: /Show all \d+ lines/ }),
  },
  { name: "approval, a diff", at: open("busy", "diff"), shows: (page) => page.getByRole("table").first() },
  {
    name: "approval, hidden characters",
    at: open("edge", "hidden"),
    shows: (page) => page.getByText("hidden characters").first(),
  },
  {
    name: "approval, sending",
    alone: true,
    // A page that is closed has its network back for a moment: what it holds may be sent.
    at: anew("Approve: Rename the plan", "It is called Team from then on."),
    async enter(page) {
      await approve(page).waitFor();
      await cutOff(page);
      await approve(page).click();
    },
    shows: (page) => page.getByText("Your approval waits for the network."),
    expects: /ERR_INTERNET_DISCONNECTED/,
  },
  {
    name: "approval, more ways to answer",
    at: open("busy", "plain"),
    enter: click("More ways to answer"),
    shows: (page) => page.getByRole("menu", { name: "More ways to answer" }),
  },
  {
    name: "approval, a comment beside it",
    alone: true,
    at: open("busy", "plain"),
    enter: (page) =>
      page.getByRole("textbox", { name: "Reply" }).fill("Yes, but tell the others first.\nAnd then wait a day."),
    shows: (page) => page.getByText("Your words go along with your decision"),
  },
  {
    name: "approval, edited",
    at: open("busy", "risky"),
    async enter(page) {
      await more(page, /^Edit and approve/);
      const field = page.getByLabel("The text as you approve it");
      await field.fill((await field.inputValue()).replace("90 days", "180 days"));
    },
    shows: (page) => page.getByTestId("changes").getByText(/180 days/),
  },
  { name: "approved", at: open("busy", "approved", "tasks"), shows: (page) => page.getByTestId("receipt") },
  { name: "rejected", at: open("busy", "rejected", "tasks"), shows: (page) => page.getByTestId("receipt") },
  { name: "question", at: open("busy", "question"), shows: (page) => page.getByText("us-east-1").first() },
  { name: "question, several answers", at: open("busy", "several"), shows: (page) => page.getByText("Build caches") },
  {
    name: "question, a word beside the choice",
    at: open("busy", "question"),
    enter: click("Something else…"),
    shows: (page) => page.getByRole("textbox", { name: "Reply" }),
  },
  {
    name: "question, answered",
    at: open("busy", "answered", "tasks"),
    shows: (page) => page.getByRole("list", { name: "Messages" }).getByText("Three years"),
  },
  { name: "an agent at work", at: open("busy", "working", "tasks"), shows: title(/Error messages/) },
  { name: "agent away", at: open("busy", "night"), shows: title(/failed build artifacts/) },
  { name: "thread", at: open("busy", "thread"), shows: (page) => page.getByRole("list", { name: "Messages" }) },
  { name: "thread, 255 characters of title", at: open("edge", "longTitle"), shows: title(/averylongidentifier/) },
  { name: "thread, right to left", at: open("edge", "rightToLeft"), shows: title(/نشر/) },
  {
    name: "thread, ten thousand lines",
    at: open("edge", "tenThousandLines"),
    enter: (page) => page.getByRole("button", { name: /Show all/ }).click(),
    shows: approve,
  },
  {
    name: "thread, hundreds of messages",
    at: open("edge", "hundreds", "tasks"),
    shows: (page) => page.getByText(/^Message \d+ of a usual length/),
  },
  {
    name: "files",
    at: open("edge", "files"),
    async enter(page) {
      await page.getByRole("button", { name: "Preview report.pdf" }).click();
      await page.getByRole("button", { name: "Preview rows.csv" }).click();
      await page.getByRole("cell", { name: "Ann" }).waitFor();
    },
    shows: (page) => page.getByRole("group", { name: "Page 1" }).getByText("First page"),
  },
  {
    name: "a picture in full",
    at: open("edge", "files"),
    enter: click("Open north.png"),
    shows: (page) => page.getByRole("dialog", { name: "north.png" }).locator('img[style*="width"]'),
  },
  {
    name: "a PDF in full",
    at: open("edge", "files"),
    async enter(page) {
      await click("Preview report.pdf")(page);
      await click("Open all 3 pages")(page);
    },
    shows: (page) => page.getByRole("dialog", { name: "report.pdf" }).getByText("First page"),
  },
  {
    name: "task menu",
    at: open("busy", "plain"),
    enter: click("Task actions"),
    shows: (page) => page.getByRole("menu", { name: "Task actions" }),
  },
  {
    name: "task, edited",
    at: (world) => world.at("busy", `/tasks/${world.rooms.busy.tasks.own}?edit=task`),
    shows: (page) => page.getByRole("dialog"),
  },
  {
    name: "task missing",
    at: (world) => world.at("busy", "/tasks/99999"),
    shows: (page) => page.getByText(/no such task|not be found|no task/i),
    expects: /status of 404/,
  },
];
