// A Rust that can build its own standard library: the worker needs one that unwinds on panic.
//
// A panic must fail one request, not every stream of the process. wasm's stock standard library aborts, so the library is built from
// source along with the crates (cargo's `build-std`). That needs the sources (`rust-src`) and a compiler that lets a stable release use the
// option (RUSTC_BOOTSTRAP, set for these builds only): no nightly, no prebuilt wasm target.
import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { cache } from "../lib/paths.mjs";
import { Advice, ask, run, which } from "../lib/run.mjs";
import { say, step } from "../lib/say.mjs";

const oldestRust = 92; // 1.92: a panic can abort at once, as the page's wasm wants it.
const debianPackages = [
  "rustc-web",
  "cargo-web",
  "rust-web-src",
  "rust-web-clippy",
  "rustfmt-web",
  "lld-22",
  "gcc",
  "libc6-dev",
];

const getRust = `Install Rust 1.${oldestRust} or later (rustup is the usual way: rustup.rs), open a new shell and run this again.`;

function look(env = {}) {
  const version = ask("rustc", ["--version"], { env });
  const minor = Number(/^rustc 1\.(\d+)/.exec(version ?? "")?.[1] ?? 0);
  const sysroot = version && ask("rustc", ["--print", "sysroot"], { env });
  return {
    env,
    version,
    recent: minor >= oldestRust && which("cargo", env.PATH) !== undefined,
    sources: Boolean(sysroot) && existsSync(join(sysroot, "lib/rustlib/src/rust/library/std/Cargo.toml")),
  };
}

const ready = (rust) => rust.recent && rust.sources;

/** Debian's own current Rust lives in /usr/bin; a rustup in front of it on PATH must not shadow it. */
function debianEnv() {
  const linker = cache("debian-rust", "rust-lld");
  return {
    PATH: `/usr/bin:${process.env.PATH}`,
    RUSTC: "/usr/bin/rustc",
    // rustc looks for `rust-lld` in its sysroot, where Debian does not put one.
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: linker,
  };
}

function linkDebianLinker() {
  const linker = debianEnv().CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER;
  mkdirSync(dirname(linker), { recursive: true });
  rmSync(linker, { force: true });
  symlinkSync(which("lld-22") ?? "/usr/bin/lld-22", linker);
}

const debianInstalled = () => existsSync("/usr/bin/rustc") && which("lld-22") !== undefined;

async function tryRustup() {
  const rust = look();
  if (!which("rustup")) return rust;
  if (!rust.recent) {
    say(`- Rust is ${rust.version ?? "absent"}; 1.${oldestRust} or later is needed, updating …`);
    await run("rustup", ["toolchain", "install", "stable", "--profile", "minimal", "-c", "clippy", "-c", "rustfmt"], {
      timeout: 300_000,
    }).catch(() => {});
  }
  if (!look().sources) {
    say("- Adding the sources of Rust's standard library (rustup component rust-src) …");
    await run("rustup", ["component", "add", "rust-src"], { timeout: 300_000 }).catch(() => {});
  }
  return look();
}

async function tryDebian() {
  const aptGet = (...args) => run("apt-get", args, { env: { DEBIAN_FRONTEND: "noninteractive" }, quiet: true });
  if (!debianInstalled()) {
    await step(`Installing Debian's current Rust (${debianPackages.join(", ")})`, async () => {
      await aptGet("update", "-qq");
      await aptGet("install", "-y", "-qq", "--no-install-recommends", ...debianPackages);
    });
  }
  linkDebianLinker();
  return look(debianEnv());
}

function adviceFor(rust) {
  const command = `sudo apt-get install ${debianPackages.join(" ")}`;
  if (!rust.version) {
    if (process.platform === "darwin")
      return `There is no Rust here. ${getRust} (With Homebrew: brew install rustup && rustup default stable)`;
    return `There is no Rust here. ${getRust}`;
  }
  if (!rust.recent) return `This is ${rust.version}. ${getRust} (rustup update stable)`;
  const debian = which("apt-get") ? `\nOn Debian 12 this does instead:\n  ${command}` : "";
  return `Rust's standard library has to be built from source, and its sources are missing. Run:\n  rustup component add rust-src${debian}`;
}

let found;

/** The environment in which cargo, rustc, clippy and rustfmt of the chosen Rust run. */
export async function rustEnv() {
  found ??= await findRust();
  return found.env;
}

export async function rustVersion() {
  await rustEnv();
  return found.version;
}

async function findRust() {
  let rust = look();
  if (ready(rust)) return rust;
  if (debianInstalled()) {
    linkDebianLinker();
    const debian = look(debianEnv());
    if (ready(debian)) return debian;
  }
  rust = await tryRustup();
  if (ready(rust)) return rust;
  if (process.getuid?.() === 0 && which("apt-get")) {
    const debian = await tryDebian();
    if (ready(debian)) return debian;
  }
  throw new Advice(adviceFor(rust));
}
