// What hands do with a picture: one finger moves it, two zoom it, a tap points at something, a wheel zooms while somebody looks at it.
import { beforeEach, describe, expect, test } from "vitest";
import { gestures } from "../src/lib/ui/graph/gestures";

let node: HTMLElement;
let done: [string, ...number[]][];
beforeEach(() => {
  document.body.innerHTML = '<div tabindex="0"></div>';
  node = document.body.firstElementChild as HTMLElement;
  Object.assign(node, { setPointerCapture: () => undefined });
  done = [];
  gestures({
    move: (...by) => done.push(["move", ...by]),
    zoom: (...by) => done.push(["zoom", ...by]),
    tap: (...at) => done.push(["tap", ...at]),
  })(node);
});

function finger(type: string, clientX: number, clientY: number, pointerId = 1, pointerType = "touch"): void {
  const event = new MouseEvent(`pointer${type}`, { clientX, clientY, button: 0, bubbles: true });
  node.dispatchEvent(Object.assign(event, { pointerId, pointerType }));
}
function wheel(more: WheelEventInit): boolean {
  return !node.dispatchEvent(new WheelEvent("wheel", { clientX: 30, clientY: 40, cancelable: true, ...more }));
}

describe("a finger", () => {
  test("that goes up where it came down points there, with as much reach as a thumb needs", () => {
    finger("down", 10, 20);
    finger("move", 12, 22);
    finger("up", 12, 22);
    expect(done).toEqual([["tap", 10, 20, 22]]);
    done.length = 0;
    finger("down", 10, 20, 1, "mouse");
    finger("up", 10, 20, 1, "mouse");
    expect(done).toEqual([["tap", 10, 20, 4]]);
  });

  test("that goes further moves the picture, and points at nothing", () => {
    finger("down", 10, 20);
    finger("move", 40, 20);
    finger("move", 45, 30);
    finger("up", 45, 30);
    expect(done).toEqual([
      ["move", 30, 0],
      ["move", 5, 10],
    ]);
  });

  test("that is not down does nothing, nor does one that the browser takes away", () => {
    finger("move", 40, 20);
    finger("up", 40, 20);
    finger("down", 10, 20);
    finger("cancel", 10, 20);
    expect(done).toEqual([]);
  });
});

test("two fingers zoom by how far they go apart, around the middle between them, and point at nothing", () => {
  finger("down", 100, 100, 1);
  finger("down", 200, 100, 2);
  finger("move", 300, 100, 2);
  expect(done).toEqual([
    ["move", 50, 0],
    ["zoom", 2, 200, 100],
  ]);
  finger("up", 300, 100, 2);
  finger("up", 100, 100, 1);
  expect(done.some(([what]) => what === "tap")).toBe(false);
});

describe("a wheel", () => {
  test("scrolls the page past a picture that nobody has gone into", () => {
    expect(wheel({ deltaY: 100 })).toBe(false);
    expect(done).toEqual([]);
  });

  test("zooms where it points, with a key held or once the picture has the focus", () => {
    expect(wheel({ deltaY: -100, ctrlKey: true })).toBe(true);
    node.focus();
    expect(wheel({ deltaY: 100 })).toBe(true);
    const [[, nearer, ...at], [, further]] = done as [[string, ...number[]], [string, ...number[]]];
    expect(at).toEqual([30, 40]);
    expect(nearer).toBeGreaterThan(1);
    expect(further).toBeLessThan(1);
  });
});
