// Signing out by the page, however the session and the network stand: it is done, or said not to be, and nothing of the person goes on.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openBrowser, signedInPage } from "../lib/browser.mjs";
import { isForgotten, syncs } from "../lib/page.mjs";
import { settle, startWorld } from "../lib/world.mjs";

let world;
let browser;
before(async () => {
  [world, browser] = await Promise.all([startWorld(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await world?.end();
});

const signOut = (page) => page.getByRole("button", { name: /^Sign out/ }).click();
const isOut = (page) => page.getByRole("heading", { name: /Sign in/ }).waitFor();

test("a session that was ended elsewhere is signed out of like any other", async () => {
  const { workspace } = await settle(world, { name: "Ended" });
  const page = await signedInPage(browser, world, `/w/${workspace.id}/settings`);
  await syncs(page, /^All saved$/);
  const ended = { status: 401, json: { code: "unauthenticated", title: "Sign in", status: 401 } };
  await page.route("**/api/session", (route) =>
    route.request().method() === "DELETE" ? route.fulfill(ended) : route.continue(),
  );
  await signOut(page);
  await isOut(page);
  await isForgotten(page);
  await page.context().close();
});

test("without a network the list of workspaces says that nobody is signed out", async () => {
  const page = await signedInPage(browser, world, "/workspaces");
  await page.getByRole("button", { name: /^Sign out/ }).waitFor();
  await page.context().setOffline(true);
  await signOut(page);
  const said = page.getByRole("alert").filter({ hasText: "You are still signed in." });
  await said.waitFor();
  await page.context().setOffline(false);
  await said.getByRole("button", { name: "Try again" }).click();
  await isOut(page);
  await isForgotten(page);
  await page.context().close();
});

test("the practice agent goes with whom it came to, and so does its token", async () => {
  const person = await world.signIn();
  const workspace = await person.make("/api/workspaces", { name: "Practised" });
  const page = await signedInPage(browser, world, `/w/${workspace.id}`);
  await page.getByRole("button", { name: "Try it with a practice agent" }).click();
  await page.getByRole("heading", { name: /Rename the branch master to main/ }).waitFor();
  await page.getByRole("link", { name: "Settings" }).first().click();
  await syncs(page, /^All saved$/);
  await signOut(page);
  await isOut(page);
  await isForgotten(page);
  assert.deepEqual((await person.room(workspace.id).get("/tokens")).tokens, []);
  await page.context().close();
});
