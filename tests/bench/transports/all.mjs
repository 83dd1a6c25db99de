// Every transport over which the same latencies are measured.
import { sse } from "./sse.mjs";

export const transports = [sse];
