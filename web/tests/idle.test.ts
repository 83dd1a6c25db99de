// Work that waits for the page to have time does not wait for ever where the browser gives it none.
import { afterEach, expect, it, vi } from "vitest";
import { drawn, idle, nextTask } from "../src/lib/idle";

afterEach(() => vi.unstubAllGlobals());

const never = vi.fn();
const page = (visibilityState: "visible" | "hidden"): void => {
  vi.stubGlobal("requestIdleCallback", never);
  vi.stubGlobal("document", { visibilityState });
};

it("in a hidden page goes on at once: there the browser's idle moments are minutes apart", async () => {
  page("hidden");
  await idle(100);
  expect(never).not.toHaveBeenCalled();
});

it("in a page that is seen waits for an idle moment, but no longer than it may", async () => {
  page("visible");
  let isOver = false;
  void idle(100).then(() => (isOver = true));
  expect(never).toHaveBeenCalledWith(expect.any(Function), { timeout: 100 });
  await nextTask();
  expect(isOver).toBe(false);
  (never.mock.calls[0]?.[0] as () => void)();
  await nextTask();
  expect(isOver).toBe(true);
});

it("what waits for a frame waits no longer once the page is hidden, and leaves nobody listening", async () => {
  const document = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const left = vi.spyOn(document, "removeEventListener");
  vi.stubGlobal("document", document);
  vi.stubGlobal("requestAnimationFrame", never);
  let isOver = false;
  const over = drawn().then(() => (isOver = true));
  await nextTask();
  expect(isOver).toBe(false);
  document.dispatchEvent(new Event("visibilitychange"));
  await over;
  expect(left).toHaveBeenCalledOnce();
});
