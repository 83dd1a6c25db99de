// Where workerd's JavaScript and wasm spend their time: its inspector's CPU profiler, over the protocol of browsers' tools.

/** What `startServer` gives workerd so that it can be profiled. */
export const inspected = ["--inspector-addr=127.0.0.1:0"];

const samplingUs = 100;

export class Profiler {
  #socket;
  #waits = new Map();
  #last = 0;

  static async connect({ inspector }) {
    const [target] = await (await fetch(`http://127.0.0.1:${inspector}/json`)).json();
    const self = new Profiler();
    self.#socket = new WebSocket(target.webSocketDebuggerUrl);
    await new Promise((done, fail) => Object.assign(self.#socket, { onopen: done, onerror: fail }));
    self.#socket.onmessage = ({ data }) => {
      const { id, result } = JSON.parse(data);
      self.#waits.get(id)?.(result);
      self.#waits.delete(id);
    };
    await self.#call("Profiler.enable");
    await self.#call("Profiler.setSamplingInterval", { interval: samplingUs });
    return self;
  }

  #call(method, params = {}) {
    const id = (this.#last += 1);
    return new Promise((done) => {
      this.#waits.set(id, done);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  /** Profiles some work: every stack that was seen, innermost function first, with its microseconds. */
  async stacks(work) {
    await this.#call("Profiler.start");
    await work();
    const { profile } = await this.#call("Profiler.stop");
    const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
    for (const node of profile.nodes) for (const child of node.children ?? []) nodes.get(child).parent = node;
    const took = new Map();
    profile.samples.forEach((id, i) => took.set(id, (took.get(id) ?? 0) + profile.timeDeltas[i]));
    return [...took].map(([id, us]) => {
      const names = [];
      for (let node = nodes.get(id); node; node = node.parent) names.push(node.callFrame.functionName);
      return { names, us };
    });
  }

  close() {
    this.#socket.close();
  }
}
