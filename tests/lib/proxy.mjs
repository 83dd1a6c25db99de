// A network between client and server that a test can break: cut it, so that both sides notice, or freeze it, so that neither does.
import { connect, createServer } from "node:net";

export class Proxy {
  #pairs = new Set();
  #frozen = { up: false, down: false };
  /** Called with what was sent by a client and not forwarded. */
  #swallows = () => {};

  /** Listens on a free port and forwards to `port`. */
  static async to(port) {
    const proxy = new Proxy();
    proxy.server = createServer({ allowHalfOpen: false }, (client) => {
      const server = connect(port, "127.0.0.1");
      const pair = { client, server };
      proxy.#pairs.add(pair);
      client.on("data", (bytes) => (proxy.#frozen.up ? proxy.#swallows(bytes) : server.write(bytes)));
      server.on("data", (bytes) => proxy.#frozen.down || client.write(bytes));
      const end = () => {
        // In a network that does not forward, not even an end arrives.
        if (proxy.#frozen.up || proxy.#frozen.down || pair.isLost) return;
        proxy.#end(pair);
      };
      for (const socket of [client, server]) {
        socket.on("close", end);
        socket.on("error", () => {});
      }
    });
    await new Promise((listening) => proxy.server.listen(0, "127.0.0.1", listening));
    return proxy;
  }

  #end(pair) {
    this.#pairs.delete(pair);
    pair.client.destroy();
    pair.server.destroy();
  }

  /** The same address, by way of this network. */
  through(url) {
    const proxied = new URL(url);
    proxied.port = this.server.address().port;
    return proxied.href;
  }

  /** Breaks every connection; new ones work. */
  cut() {
    for (const pair of [...this.#pairs]) this.#end(pair);
  }

  /** From now on nothing is forwarded (or nothing one way), and no connection is closed. */
  freeze(ways = ["up", "down"]) {
    for (const way of ways) this.#frozen[way] = true;
  }

  /** Resolves once a client has sent these words into a network that forwards nothing. */
  lost(words) {
    return new Promise((lost) => (this.#swallows = (bytes) => bytes.includes(words) && lost()));
  }

  /** New connections work again; those that were frozen stay as they are, open and dead. */
  replace() {
    for (const pair of this.#pairs) {
      pair.isLost = true;
      pair.client.removeAllListeners("data").on("data", () => {});
      pair.server.removeAllListeners("data").on("data", () => {});
    }
    this.#frozen = { up: false, down: false };
  }

  async close() {
    this.#frozen = { up: false, down: false };
    this.cut();
    await new Promise((closed) => this.server.close(closed));
  }
}
