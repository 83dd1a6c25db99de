// Every transport over which the same latencies are measured.
import { sse } from "./sse.mjs";
import { listening, waiting } from "./stateless.mjs";
import { streamable } from "./streamable.mjs";

export const transports = [sse, streamable, listening, waiting];
