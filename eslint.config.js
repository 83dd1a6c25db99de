// Lint rules of all JavaScript, TypeScript and Svelte in the checkout. Layout is prettier's.
import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";

export default ts.config(
  { ignores: ["**/dist/", "**/pkg/", "**/target/", ".build/", ".data/", ".toolchain/", ".wrangler/"] },
  js.configs.recommended,
  ts.configs.strict,
  svelte.configs.recommended,
  { languageOptions: { globals: globals.node } },
  { files: ["web/**"], languageOptions: { globals: globals.browser } },
  // Tests of the page hand functions to the browser.
  { files: ["tests/page/**", "tests/bench/page/**"], languageOptions: { globals: globals.browser } },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: [".svelte"] } },
  },
  {
    rules: {
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", varsIgnorePattern: "^_", caughtErrors: "none" },
      ],
    },
  },
  // TypeScript itself knows which names exist.
  { files: ["**/*.ts", "**/*.svelte"], rules: { "no-undef": "off" } },
  // Props are declared with `let`: what the parent changes is no constant.
  { files: ["**/*.svelte"], rules: { "prefer-const": "off" } },
);
