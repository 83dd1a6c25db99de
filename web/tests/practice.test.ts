// The practice agent asks, thanks, and is done; it leaves alone what it has not filed.
import { describe, expect, test } from "vitest";
import type { Agent, Task } from "../src/lib/model/types";
import { isAbout, practiceIn, PRACTICE_AGENT } from "../src/lib/practice/known";
import { answer, APPROVAL, QUESTION, question, type Told } from "../src/lib/practice/script";

const told = (more: Partial<Told> = {}): Told => ({
  chat_id: "ask",
  message_id: "m1",
  text: "[Response to task ask]\n\nApproved",
  status: "ongoing",
  ...more,
});
const filed = { approval: "ask", question: null };

describe("the practice agent", () => {
  test("asks for something that stands in full in what is shown, and says what it is", () => {
    expect(APPROVAL.body).toContain("git branch -m master main");
    expect(APPROVAL.body).toMatch(/practice agent.*change nothing/);
    expect([APPROVAL.assignee, QUESTION.assignee]).toEqual(["human", "human"]);
  });

  test("thanks for an approval, completes the task and asks a question", () => {
    const acts = answer(told({ verdict: "approved" }), filed);
    expect(acts.map((act) => act.do)).toEqual(["reply", "complete", "ask"]);
    expect(acts[0]).toMatchObject({ task: "ask", to: "m1", needsAnswer: false });
  });

  test("does not complete what the person has completed with the approval", () => {
    const acts = answer(told({ verdict: "approved", status: "completed" }), filed);
    expect(acts.map((act) => act.do)).toEqual(["reply", "ask"]);
  });

  test("takes no for an answer, and completes nothing", () => {
    const acts = answer(told({ verdict: "rejected", status: "rejected" }), filed);
    expect(acts.map((act) => act.do)).toEqual(["reply", "ask"]);
  });

  test("takes words for words: only a verdict is one", () => {
    const acts = answer(told({ text: "[Response to task ask]\n\nApproved, I guess" }), filed);
    expect(acts).toMatchObject([{ do: "reply", needsAnswer: true }]);
  });

  test("repeats the answer to its question, and is done; it asks once", () => {
    const both = { approval: "ask", question: "q" };
    const acts = answer(told({ chat_id: "q", text: "[Response to task q]\n\nWrite the missing tests" }), both);
    expect(acts).toMatchObject([
      { do: "reply", task: "q" },
      { do: "complete", task: "q" },
    ]);
    expect(JSON.stringify(acts)).toContain("“Write the missing tests”");
    expect(answer(told({ verdict: "approved" }), both).map((act) => act.do)).not.toContain("ask");
  });

  test("leaves alone what it has not filed, and what is closed", () => {
    expect(answer(told({ chat_id: "another's" }), filed)).toEqual([]);
    expect(answer(told({ status: "completed" }), filed)).toEqual([]);
    expect(answer(told({ chat_id: "q", status: "killed" }), { approval: null, question: "q" })).toEqual([]);
  });

  test("lists the choices in words where the server has none to pick from", () => {
    expect(question(false)).not.toHaveProperty("options");
    expect((question(false) as { body: string }).body).toContain("- Write the missing tests");
    expect(question(true)).toMatchObject({ options: [{ id: "tests", recommended: true }, {}, {}] });
  });
});

describe("what a workspace knows of it", () => {
  const agent = (presence: Agent["presence"]): Agent => ({
    name: PRACTICE_AGENT,
    displayName: PRACTICE_AGENT,
    presence,
    since: "",
    lastHeardAt: null,
    client: null,
    revision: 1,
  });
  const task = (by: string, status: Task["status"]): Task =>
    ({ id: `${by} ${status}`, status, agent: PRACTICE_AGENT, createdBy: { kind: "agent", name: by } }) as Task;

  test("is what it has filed itself, however that stands", () => {
    const own = [task(PRACTICE_AGENT, "ongoing"), task(PRACTICE_AGENT, "completed")];
    const known = practiceIn({ agents: [agent("disconnected")], tasks: [...own, task("claude", "ongoing")] });
    expect(known.open).toEqual([own[0]]);
    expect(known.finished).toEqual([own[1]]);
    expect(isAbout(known)).toBe(true);
  });

  test("is nothing to speak of once it is away and nothing of it is open", () => {
    expect(isAbout(practiceIn({ agents: [], tasks: [] }))).toBe(false);
    expect(isAbout(practiceIn({ agents: [agent("disconnected")], tasks: [task(PRACTICE_AGENT, "completed")] }))).toBe(
      false,
    );
    expect(isAbout(practiceIn({ agents: [agent("connected")], tasks: [] }))).toBe(true);
  });
});
