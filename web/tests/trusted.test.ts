// What may be run by name: parts of this page, and nothing that anybody has sent.
import { expect, it } from "vitest";
import { ownScript } from "../src/lib/trusted";

it.each(["/sw.js", "/assets/pdf.worker-12345678.mjs"])("lets %s run", (url) => {
  expect(ownScript(url)).toBe(new URL(url, location.href).href);
});

it.each([
  "https://example.com/sw.js",
  "//example.com/x.js",
  "data:text/javascript,1",
  "blob:x",
  "/api/x",
  "/a/../api/x",
])("refuses %s", (url) => {
  expect(() => ownScript(url)).toThrow(TypeError);
});
