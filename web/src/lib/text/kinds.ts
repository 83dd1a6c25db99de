// What kind of thing a file is, and so how it may be shown. What could run (HTML) is text, or only a file.
import type { Attachment } from "../model/types";

export type Kind = "image" | "audio" | "video" | "pdf" | "diff" | "table" | "text" | "file";

/** An image in an <img> runs nothing and loads nothing, SVG included. */
const IMAGES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/svg+xml"]);
const AUDIO = /^audio\/[\w.+-]+$/u;
const VIDEO = /^video\/[\w.+-]+$/u;
const TEXTS =
  /^(text\/|application\/(json|xml|toml|x-yaml|yaml|x-sh|sql|x-patch|javascript|x-ndjson|.+\+(json|xml))$)/u;
const NAMES =
  /\.(txt|md|log|jsonl?|ndjson|ya?ml|toml|sql|sh|rs|ts|tsx|js|jsx|mjs|py|go|java|kt|rb|php|c|h|cpp|hpp|cs|css|html?|svelte|vue|xml|ini|conf|env|lock|swift|lua)$/iu;

const MOST: Record<Kind, number> = {
  image: 25e6,
  audio: Infinity,
  video: Infinity,
  pdf: Infinity,
  diff: 4e6,
  table: 4e6,
  text: 2e6,
  file: Infinity,
};

export const typeOf = ({ mimeType }: Pick<Attachment, "mimeType">): string =>
  mimeType.split(";")[0]?.trim().toLowerCase() ?? "";

export function kindOf(attachment: Pick<Attachment, "mimeType" | "filename" | "size">): Kind {
  const kind = named(typeOf(attachment), attachment.filename);
  return attachment.size <= MOST[kind] ? kind : "file";
}

function named(type: string, filename: string): Kind {
  if (IMAGES.has(type)) return "image";
  if (AUDIO.test(type)) return "audio";
  if (VIDEO.test(type)) return "video";
  if (type === "application/pdf") return "pdf";
  if (/\.(diff|patch)$/iu.test(filename) || /^text\/x-(diff|patch)$/u.test(type)) return "diff";
  if (/\.[ct]sv$/iu.test(filename) || type === "text/csv" || type === "text/tab-separated-values") return "table";
  return TEXTS.test(type) || NAMES.test(filename) ? "text" : "file";
}

const GRAMMARS: Record<string, string> = {
  h: "c",
  hpp: "cpp",
  mjs: "javascript",
  jsx: "javascript",
  tsx: "typescript",
  jsonl: "json",
  ndjson: "json",
  md: "",
  txt: "",
  log: "",
  conf: "ini",
  toml: "ini",
  env: "bash",
  svelte: "xml",
  vue: "xml",
};

/** The grammar that a file's name tells of. */
export function grammarOf(filename: string): string {
  const extension = /\.(\w+)$/u.exec(filename)?.[1]?.toLowerCase() ?? "";
  return GRAMMARS[extension] ?? extension;
}
