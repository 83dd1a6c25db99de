// A list as Claude Code keeps it: task files in a directory, written in place under the list's lock, which is a directory that is made to take it
// (npm's proper-lockfile). Run as a program, it works on a list at random as a session would, and says each write that stands.
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { seeded } from "./random.mjs";

const STALE_MS = 10_000;
/** So long Claude Code waits for a lock before its own write fails. */
const PATIENCE_MS = 2_500;

export class ClaudeList {
  constructor(path) {
    this.path = path;
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, ".lock"), "");
  }

  file(id) {
    return join(this.path, `${id}.json`);
  }

  /** Does something while the lock is held. */
  async locked(work) {
    const lock = join(this.path, ".lock.lock");
    for (const end = Date.now() + PATIENCE_MS; ; await sleep(5)) {
      try {
        mkdirSync(lock);
        break;
      } catch (error) {
        if (error.code !== "EEXIST") throw error;
        const taken = statSync(lock, { throwIfNoEntry: false });
        if (taken && taken.mtimeMs < Date.now() - STALE_MS) takeOver(lock);
        if (Date.now() > end)
          throw Object.assign(new Error("Lock file is already being held", { cause: error }), { code: "ELOCKED" });
      }
    }
    try {
      return await work();
    } finally {
      rmdirSync(lock);
    }
  }

  ids() {
    return readdirSync(this.path)
      .filter((name) => /^[1-9]\d*\.json$/.test(name))
      .map((name) => Number.parseInt(name))
      .sort((a, b) => a - b);
  }

  read(id) {
    return JSON.parse(readFileSync(this.file(id), "utf8"));
  }

  has(id) {
    return existsSync(this.file(id));
  }

  all() {
    return this.ids().map((id) => this.read(id));
  }

  #write(task) {
    writeFileSync(this.file(task.id), JSON.stringify(task, null, 2));
  }

  create(fields) {
    return this.locked(() => {
      const mark = join(this.path, ".highwatermark");
      const last = existsSync(mark) ? Number(readFileSync(mark, "utf8")) || 0 : 0;
      const id = String(Math.max(last, ...this.ids()) + 1);
      this.#write({ id, description: "", status: "pending", blocks: [], blockedBy: [], ...fields });
      return id;
    });
  }

  /** Changes a task by what `change` makes of it. */
  update(id, change) {
    return this.locked(() => {
      const task = this.read(id);
      const changed = typeof change === "function" ? change(task) : { ...task, ...change };
      this.#write(changed);
      return changed;
    });
  }

  /** `blocker` blocks `id`: it stands in both files. */
  block(blocker, id) {
    return this.locked(() => {
      const [first, second] = [this.read(blocker), this.read(id)];
      first.blocks.push(String(id));
      second.blockedBy.push(String(blocker));
      this.#write(first);
      this.#write(second);
    });
  }

  remove(id) {
    return this.locked(() => {
      const mark = join(this.path, ".highwatermark");
      const last = existsSync(mark) ? Number(readFileSync(mark, "utf8")) || 0 : 0;
      writeFileSync(mark, String(Math.max(last, Number(id))));
      rmSync(this.file(id));
      const other = (of) => of.filter((it) => it !== String(id));
      for (const task of this.all()) {
        if (!task.blocks.includes(String(id)) && !task.blockedBy.includes(String(id))) continue;
        this.#write({ ...task, blocks: other(task.blocks), blockedBy: other(task.blockedBy) });
      }
    });
  }
}

/** Removes a lock that was let die; of two who do so at once, neither removes what the other has made since. */
function takeOver(lock) {
  const aside = `${lock}.${process.pid}`;
  try {
    renameSync(lock, aside);
    if (statSync(aside).mtimeMs < Date.now() - STALE_MS) rmdirSync(aside);
    else renameSync(aside, lock);
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
}

/** A session that works for so many writes: each adds a mark to a task's metadata, and says it once it stands. */
async function session(path, name, writes, seed) {
  const list = new ClaudeList(path);
  const random = seeded(seed);
  for (let mark = 1; mark <= writes;) {
    const ids = list.ids();
    const pick = ids[Math.floor(random() * ids.length)];
    try {
      if (ids.length < 3 || random() < 0.06) {
        const made = `${name}-${mark}`;
        await list.create({ subject: `Made by ${made}`, metadata: { made, [`${name}${mark}`]: mark } });
      } else {
        await list.update(pick, (task) => ({
          ...task,
          ...(random() < 0.2 && { description: `${task.description}\n${name} ${mark}`.trim() }),
          ...(random() < 0.1 && { activeForm: `Doing ${name} ${mark}` }),
          metadata: { ...task.metadata, [`${name}${mark}`]: mark },
        }));
      }
      console.log(mark++);
    } catch (error) {
      // It was deleted meanwhile, or somebody who was killed still has the lock: a session would try again.
      if (!["ENOENT", "ELOCKED"].includes(error.code)) throw error;
    }
    // The lock is taken for nothing too, and let go at random.
    if (random() < 0.2) await list.locked(() => sleep(random() * 30)).catch(() => {});
    await sleep(random() * 25);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [path, name, writes, seed] = process.argv.slice(2);
  await session(path, name, Number(writes), seed);
}
