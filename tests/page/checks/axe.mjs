// axe-core: every rule it has, of WCAG 2.2 A and AA and its best practices.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** What depends on the theme: the rest is the same in both. */
const ofTheme = ["color-contrast", "link-in-text-block"];

/** What axe has against the page as it stands, each as one line. */
export async function axe(page, { themeOnly = false } = {}) {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(source);
  const violations = await page.evaluate(
    async (rules) => {
      const { violations } = await globalThis.axe.run(document, {
        resultTypes: ["violations"],
        ...(rules
          ? { runOnly: { type: "rule", values: rules } }
          : { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
      });
      return violations.map(({ id, help, nodes }) => ({
        id,
        help,
        nodes: nodes.map(
          ({ target, failureSummary }) => `${target.join(" ")}: ${failureSummary?.split("\n")[1]?.trim()}`,
        ),
      }));
    },
    themeOnly ? ofTheme : null,
  );
  return violations.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id} (${help}): ${node}`));
}
