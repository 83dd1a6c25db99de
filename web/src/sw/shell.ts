// What the service worker and the page agree on.

export const CACHE_PREFIX = "agentrq-shell-";
/** The page of every address. */
export const SHELL_PATH = "/index.html";

/** Messages to the worker: go on with the new build; keep what is loaded lazily too, and answer whether all is kept now. */
export const TAKE_OVER = "take over";
export const REST = "keep the rest";

/** Message to a page: somebody has clicked on what it was told of. */
export interface Opened {
  open: string;
}

/** A file of the build. */
export interface ShellFile {
  url: string;
  /** Needed for the first painting. */
  first: boolean;
  /** Its name changes with its content. */
  hashed: boolean;
  /** It is of this build if it names this. */
  names?: string;
}

/** Is this address the page's to answer, rather than the server's? */
export const isOurs = (path: string): boolean => !/^\/(?:api|mcp|channel|healthz|test|sw\.js)(?:\/|$)/u.test(path);
