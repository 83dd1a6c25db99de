// The JavaScript that wasm-bindgen writes around the Worker's wasm, made lean: a request crosses this border hundreds of times.
//
// For a build that unwinds, wasm-bindgen wraps each import in a closure, an `arguments` object and an `apply`. Here each becomes one
// function with a `try`. And a task is woken as a promise's reaction: the platform's `queueMicrotask` goes a long way round.

const wrapped = /: function\(\) \{\n(\s*)return wrapError\(function\(([^)]*)\) \{\n([\s\S]*?)\n\1\}, arguments\);\n/g;
const definition =
  /function wrapError\(f, args\d*\) \{\n\s*try \{[\s\S]*?\n\s*\} catch \(e\) \{\n([\s\S]*?)\n\s*\}\n\}\n/;
const microtask = /\bqueueMicrotask\(arg0\);/;

/** Rewrites the bundle, or fails: what a newer wasm-bindgen writes must be looked at. */
export function lean(bundle) {
  const [found, rethrow] = definition.exec(bundle) ?? [];
  const count = bundle.match(wrapped)?.length ?? 0;
  const calls = bundle.match(/wrapError\(/g)?.length ?? 0;
  if (!found || count !== calls - 1 || !microtask.test(bundle))
    throw new Error(
      `The Worker's glue is not as expected (${count} of ${calls} wrapped imports): adapt scripts/build/glue.mjs`,
    );
  return bundle
    .replace(found, `var settled = Promise.resolve();\nfunction rethrow(e) {\n${rethrow}\n}\n`)
    .replace(
      wrapped,
      (_, indent, args, body) =>
        `: function(${args}) {\n${indent}try {\n${body}\n${indent}} catch (e) {\n${indent}  rethrow(e);\n${indent}}\n`,
    )
    .replace(microtask, "settled.then(arg0);");
}
