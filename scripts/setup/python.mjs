// Python's own MCP client for the tests, in an environment of this checkout.
import { readFileSync } from "node:fs";
import { inRoot, toolchain } from "../lib/paths.mjs";
import { Advice, ask, run, which } from "../lib/run.mjs";
import { step } from "../lib/say.mjs";
import { whenChanged } from "../lib/stamp.mjs";

const oldest = [3, 10];

function findPython() {
  for (const name of ["python3", "python"]) {
    const version = ask(name, ["-c", "import sys; print(*sys.version_info[:2])"]);
    const [major, minor] = (version ?? "0 0").split(" ").map(Number);
    if (major === oldest[0] && minor >= oldest[1]) return name;
  }
  throw new Advice(
    `The tests need Python ${oldest.join(".")} or later for its MCP client. Install it and run this again.`,
  );
}

/** Debian keeps the module that makes environments in a package of its own. */
async function makeEnvironment(python, folder) {
  if (ask(python, ["-m", "venv", "--clear", folder]) !== undefined) return;
  if (process.getuid?.() !== 0 || !which("apt-get"))
    throw new Advice("Python cannot make environments here. On Debian: sudo apt-get install python3-venv");
  const options = { env: { DEBIAN_FRONTEND: "noninteractive" }, quiet: true };
  await run("apt-get", ["install", "-y", "-qq", "python3-venv"], options);
  await run(python, ["-m", "venv", "--clear", folder]);
}

/** The path of a Python that has tests/requirements.txt installed. */
export async function testPython() {
  const folder = toolchain("venv");
  const command = `${folder}/bin/python`;
  const requirements = inRoot("tests/requirements.txt");
  await whenChanged(toolchain("venv.stamp"), [command], readFileSync(requirements, "utf8"), () =>
    step("Installing the Python packages of the tests", async () => {
      await makeEnvironment(findPython(), folder);
      await run(command, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements]);
    }),
  );
  return command;
}
