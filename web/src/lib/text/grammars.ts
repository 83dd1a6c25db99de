// The grammars of code, by the names that people write behind a fence. Each is made when the first block of it is there: making all of them is
// twenty times the work.
import hljs from "highlight.js/lib/core";
import type { LanguageFn } from "highlight.js";
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import csharp from "highlight.js/lib/languages/csharp";
import css from "highlight.js/lib/languages/css";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import go from "highlight.js/lib/languages/go";
import graphql from "highlight.js/lib/languages/graphql";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import kotlin from "highlight.js/lib/languages/kotlin";
import lua from "highlight.js/lib/languages/lua";
import makefile from "highlight.js/lib/languages/makefile";
import php from "highlight.js/lib/languages/php";
import powershell from "highlight.js/lib/languages/powershell";
import python from "highlight.js/lib/languages/python";
import ruby from "highlight.js/lib/languages/ruby";
import rust from "highlight.js/lib/languages/rust";
import shell from "highlight.js/lib/languages/shell";
import sql from "highlight.js/lib/languages/sql";
import swift from "highlight.js/lib/languages/swift";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";

interface Grammar {
  make: LanguageFn;
  /** Its other names. */
  also?: string[];
  /** Those that stand inside it. */
  inside?: string[];
}

const GRAMMARS: Record<string, Grammar> = {
  bash: { make: bash, also: ["sh", "zsh"] },
  c: { make: c, also: ["h"] },
  cpp: { make: cpp, also: ["cc", "c++", "h++", "hpp", "hh", "hxx", "cxx"] },
  csharp: { make: csharp, also: ["cs", "c#"] },
  css: { make: css },
  dockerfile: { make: dockerfile, also: ["docker"], inside: ["bash"] },
  go: { make: go, also: ["golang"] },
  graphql: { make: graphql, also: ["gql"] },
  ini: { make: ini, also: ["toml"] },
  java: { make: java, also: ["jsp"] },
  javascript: { make: javascript, also: ["js", "jsx", "mjs", "cjs"], inside: ["xml", "css", "graphql"] },
  json: { make: json, also: ["jsonc", "json5"] },
  kotlin: { make: kotlin, also: ["kt", "kts"] },
  lua: { make: lua },
  makefile: { make: makefile, also: ["mk", "mak", "make"] },
  php: { make: php },
  powershell: { make: powershell, also: ["pwsh", "ps", "ps1"] },
  python: { make: python, also: ["py", "gyp", "ipython"] },
  ruby: { make: ruby, also: ["rb", "gemspec", "podspec", "thor", "irb"] },
  rust: { make: rust, also: ["rs"] },
  shell: { make: shell, also: ["console", "shellsession"], inside: ["bash"] },
  sql: { make: sql },
  swift: { make: swift },
  typescript: { make: typescript, also: ["ts", "tsx", "mts", "cts"], inside: ["xml", "css", "graphql"] },
  xml: {
    make: xml,
    also: ["html", "xhtml", "rss", "atom", "xsd", "xsl", "plist", "svg"],
    inside: ["css", "javascript"],
  },
  yaml: { make: yaml, also: ["yml"], inside: ["ruby"] },
};

const names = new Map(
  Object.entries(GRAMMARS).flatMap(([name, { also = [] }]) => [name, ...also].map((one) => [one, name] as const)),
);

/** Makes the grammar of this name ready, in any spelling; null if there is none. What it is called here. */
export function grammar(written: string): string | null {
  const name = names.get(written.toLowerCase());
  if (name === undefined) return null;
  prepare(name);
  return name;
}

function prepare(name: string): void {
  const known = GRAMMARS[name];
  if (!known || hljs.getLanguage(name)) return;
  hljs.registerLanguage(name, known.make);
  known.inside?.forEach(prepare);
}
