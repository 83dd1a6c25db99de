// Refusals as the page meets them: how any failure is turned into one, and its words.
import type { Problem } from "../model/problem";

export type { Problem } from "../model/problem";

export class ProblemError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail || problem.title);
    this.name = "ProblemError";
  }
}

/** No answer came at all: the network, not the server, said no. */
export const UNREACHABLE = "unreachable";

export function unreachable(): Problem {
  const offline = typeof navigator !== "undefined" && !navigator.onLine;
  return {
    code: UNREACHABLE,
    title: offline ? "You are offline" : "The server does not answer",
    detail: offline ? "This device has no network." : "Nothing came back from the server.",
    status: 0,
  };
}

/** Reads a problem document; an answer that is none still gets words. */
export function toProblem(status: number, body: unknown, retryAfter?: string | null): Problem {
  const given = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  const text = (key: string): string => (typeof given[key] === "string" ? given[key] : "");
  const problem: Problem = {
    code: text("code") || `http_${status}`,
    title: text("title") || `The server answered ${status}`,
    detail: text("detail"),
    status,
  };
  const seconds = typeof given["retryAfter"] === "number" ? given["retryAfter"] : Number(retryAfter ?? Number.NaN);
  if (Number.isFinite(seconds)) problem.retryAfter = seconds;
  if (Array.isArray(given["allowed"])) problem.allowed = given["allowed"].map(String);
  return problem;
}

/** Whatever was thrown, as a problem that can be shown. */
export function asProblem(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  if (error instanceof TypeError) return unreachable();
  return { code: "unexpected", title: "Something went wrong in this page", detail: String(error), status: 0 };
}

/** One sentence for the place where it happened. */
export function sentence(problem: Problem): string {
  // Moments are written for machines there; people read their own clock.
  const text = (problem.detail || problem.title).replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/gu, (time) =>
    new Date(time).toLocaleTimeString("en-GB"),
  );
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/u.test(start) ? start : `${start}.`;
}
