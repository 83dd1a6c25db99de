/* global WebSocketPair */
// The floor: the least that a relay on this platform does. POST -> object -> one insert -> hibernating socket -> stream held by the Worker.
import { DurableObject } from "cloudflare:workers";

export class Relay extends DurableObject {
  constructor(state, env) {
    super(state, env);
    state.storage.sql.exec("CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, text TEXT NOT NULL)");
  }

  async fetch(request) {
    if (request.headers.get("upgrade") === "websocket") {
      const { 0: client, 1: server } = new WebSocketPair();
      this.ctx.acceptWebSocket(server);
      return new Response(null, { status: 101, webSocket: client });
    }
    if (request.method === "GET") return new Response("ok");
    const text = await request.text();
    this.ctx.storage.sql.exec("INSERT INTO messages (text) VALUES (?)", text);
    for (const socket of this.ctx.getWebSockets()) socket.send(`event: message\ndata: ${text}\n\n`);
    return new Response("Accepted", { status: 202 });
  }

  webSocketClose(socket) {
    socket.close();
  }
}

export default {
  async fetch(request, env) {
    const object = env.RELAY.get(env.RELAY.idFromName("floor"));
    const { pathname } = new URL(request.url);
    if (request.method === "POST" || pathname === "/object") return object.fetch(request);
    if (pathname === "/healthz") return new Response("ok");
    const { webSocket } = await object.fetch(request.url, { headers: { upgrade: "websocket" } });
    const { readable, writable } = new TransformStream();
    const writer = writable.getWriter();
    const encoder = new TextEncoder();
    webSocket.addEventListener("message", ({ data }) =>
      writer.write(encoder.encode(data)).catch(() => webSocket.close()),
    );
    webSocket.accept();
    writer.write(encoder.encode(": connected\n\n"));
    return new Response(readable, { headers: { "content-type": "text/event-stream", "cache-control": "no-cache" } });
  },
};
