// A refusal in the one form that server, core and page share (RFC 9457).
import type { Actor, Time, Verdict } from "./types";

export interface Problem {
  code: string;
  title: string;
  detail: string;
  status: number;
  retryAfter?: number;
  allowed?: string[];
  /** Of a verdict that stands: whose it is, since when, and what it says. */
  by?: Actor;
  at?: Time;
  verdict?: Verdict;
}
