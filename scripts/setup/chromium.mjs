// A Chromium for the tests in a browser: an existing one, or Debian's package where we may install it.
import { existsSync } from "node:fs";
import { Advice, run, which } from "../lib/run.mjs";
import { step } from "../lib/say.mjs";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const macPlaces = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

function find() {
  const asked = process.env.AGENTRQ_CHROMIUM;
  if (asked) return asked;
  for (const name of names) {
    const file = which(name);
    if (file) return file;
  }
  return macPlaces.find((file) => existsSync(file));
}

/** The path of a Chromium or Chrome. */
export async function chromium() {
  const found = find();
  if (found) return found;
  if (process.getuid?.() !== 0 || !which("apt-get")) {
    const how = which("apt-get") ? "sudo apt-get install chromium" : "install Chrome or Chromium";
    throw new Advice(
      `The tests in a browser need Chromium: ${how}, or set AGENTRQ_CHROMIUM to the path of one, and run this again.`,
    );
  }
  await step("Installing Debian's Chromium for the tests", async () => {
    const options = { env: { DEBIAN_FRONTEND: "noninteractive" }, quiet: true };
    await run("apt-get", ["update", "-qq"], options);
    await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium"], options);
  });
  return find();
}
