// Plants bugs into a copy of the sync, and requires that the simulation finds each, and finds nothing without them. All of them stand in one
// build, each behind a switch, so that a bug more costs a run and no compilation.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { built, inRoot } from "./lib/paths.mjs";
import { Advice } from "./lib/run.mjs";
import { duration, say } from "./lib/say.mjs";
import { rustEnv } from "./setup/rust.mjs";

/** Seeds in which a bug must be found. */
const seeds = 10_000;
/** Seeds in which nothing must be found without one: what the copy is good for. */
const sound = 300;

const copy = built("mutants");

const switches = `
/// Which bug is planted, from 1.
static PLANTED: std::sync::LazyLock<usize> =
    std::sync::LazyLock::new(|| std::env::var("AGENTRQ_PLANTED").ok().and_then(|number| number.parse().ok()).unwrap_or(0));

pub fn planted(number: usize) -> bool {
    *PLANTED == number
}
`;

/** Writes only what is another: cargo goes by times. */
function write(path, text) {
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  writeFileSync(path, text);
}

/** What a bug changes: the marked part of a text that stands once in a file. */
function place({ name, file, at }) {
  const [before, from, after] = at.split(/[«»]/u);
  const text = readFileSync(inRoot(file), "utf8");
  const index = text.indexOf(before + from + after);
  if (index < 0) throw new Advice(`${name}: what it changes no longer stands in ${file}.`);
  if (text.includes(before + from + after, index + 1))
    throw new Advice(`${name}: what it changes stands in ${file} twice.`);
  return { file, start: index + before.length, from };
}

/** The files with all the bugs in them, each behind its number. Throws if what one changes no longer stands where it says. */
export function plantAll(mutants) {
  const places = new Map();
  mutants.forEach((mutant, index) => {
    const { file, start, from } = place(mutant);
    const key = `${file} ${start}`;
    const there = places.get(key) ?? { file, start, from, bugs: [] };
    if (there.from !== from) throw new Advice(`${mutant.name}: it overlaps with ${there.bugs[0].name}.`);
    there.bugs.push({ name: mutant.name, to: mutant.to, number: index + 1 });
    places.set(key, there);
  });
  const texts = new Map();
  // From the end, so that the places before stay where they are.
  const ordered = [...places.values()].sort((one, other) => other.start - one.start);
  ordered.forEach(({ file, start, from, bugs }, index) => {
    const later = ordered.slice(0, index).find((other) => other.file === file && other.start < start + from.length);
    if (later) throw new Advice(`${bugs[0].name}: it overlaps with ${later.bugs[0].name}.`);
    const text = texts.get(file) ?? readFileSync(inRoot(file), "utf8");
    const planted = file.startsWith("core/") ? "crate::planted" : "agentrq_core::planted";
    const chain = bugs.map(({ to, number }) => `if ${planted}(${number}) { ${to} } else `).join("");
    texts.set(file, `${text.slice(0, start)}{ ${chain}{ ${from} } }${text.slice(start + from.length)}`);
  });
  return texts;
}

/** Brings the copy up to date. */
function refresh(mutants) {
  mkdirSync(copy, { recursive: true });
  const planted = plantAll(mutants);
  const library = "core/src/lib.rs";
  planted.set(library, (planted.get(library) ?? readFileSync(inRoot(library), "utf8")) + switches);
  const isChanged = (from, to) => !existsSync(to) || !readFileSync(from).equals(readFileSync(to));
  for (const part of ["core", "tests/sim", "Cargo.lock"]) {
    const isPlain = (from) => ![...planted.keys()].some((file) => inRoot(file) === from);
    const filter = (from, to) => statSync(from).isDirectory() || (isPlain(from) && isChanged(from, to));
    cpSync(inRoot(part), join(copy, part), { recursive: true, filter });
  }
  for (const [file, text] of planted) write(join(copy, file), text);
  const profile = readFileSync(inRoot("Cargo.toml"), "utf8");
  write(join(copy, "Cargo.toml"), profile.replace(/^members = .*$/mu, 'members = ["core", "tests/sim"]'));
}

/** What the simulation says with one bug planted, or with none: `why` is empty where it finds nothing. */
function verdict(env, number, count) {
  const { status, stderr } = spawnSync(join(copy, "target/sim/agentrq-sim"), ["--seeds", String(count), "--first"], {
    env: { ...env, AGENTRQ_PLANTED: String(number) },
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  const why = stderr.split("\n").find((line) => line.startsWith("seed ")) ?? "";
  if (status === 0 || why) return why;
  throw new Advice(`The simulation did not run: ${stderr.slice(-2000)}`);
}

/** Throws at the end if a bug could not be planted or was not found, and says which. */
export async function plant(mutants, wanted = () => true) {
  const started = Date.now();
  const target = { CARGO_TARGET_DIR: join(copy, "target"), CARGO_INCREMENTAL: "1" };
  const env = { ...process.env, ...(await rustEnv()), ...target };
  refresh(mutants);
  const options = { cwd: copy, env, encoding: "utf8" };
  const made = spawnSync("cargo", ["build", "--quiet", "--profile", "sim", "--package", "agentrq-sim"], options);
  if (made.status !== 0) throw new Advice(`The bugs do not compile, so they prove nothing.\n${made.stderr}`);
  const why = verdict(env, 0, sound);
  if (why) throw new Advice(`Without a planted bug: ${why}`);
  const missed = [];
  let found = 0;
  for (const [index, { name }] of mutants.entries()) {
    if (!wanted(name)) continue;
    const why = verdict(env, index + 1, seeds);
    if (why) found += 1;
    else missed.push(`${name}: not found in ${seeds} seeds.`);
    say(`${why ? "found   " : "MISSED  "} ${name}${why ? `: ${why.slice(0, 140)}` : ""}`);
  }
  if (missed.length) throw new Advice(missed.join("\n"));
  say(`${found} planted bugs, each found, in ${duration(Date.now() - started)}.`);
}
