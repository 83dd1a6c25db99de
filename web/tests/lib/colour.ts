// Colours as the eye has them: what stands in a style, how light that is, and how well one can be read on another (WCAG 2, 1.4.3).
import { readFileSync } from "node:fs";

export interface Oklch {
  l: number;
  c: number;
  h: number;
}

type Linear = readonly [number, number, number];

const linear = (part: number): number => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
const inGamut = (part: number): number => Math.min(1, Math.max(0, part));

function toLinear({ l, c, h }: Oklch): Linear {
  const [a, b] = [c * Math.cos((h * Math.PI) / 180), c * Math.sin((h * Math.PI) / 180)];
  const [x, y, z] = [
    (l + 0.3963377774 * a + 0.2158037573 * b) ** 3,
    (l - 0.1055613458 * a - 0.0638541728 * b) ** 3,
    (l - 0.0894841775 * a - 1.291485548 * b) ** 3,
  ];
  return [
    inGamut(4.0767416621 * x - 3.3077115913 * y + 0.2309699292 * z),
    inGamut(-1.2684380046 * x + 2.6097574011 * y - 0.3413193965 * z),
    inGamut(-0.0041960863 * x - 0.7034186147 * y + 1.707614701 * z),
  ];
}

export const oklch = {
  /** Of `#rrggbb`. */
  of(hex: string): Oklch {
    const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => linear(parseInt(hex.slice(at, at + 2), 16) / 255));
    const [x, y, z] = [
      Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b),
      Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b),
      Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b),
    ];
    const l = 0.2104542553 * x + 0.793617785 * y - 0.0040720468 * z;
    const a = 1.9779984951 * x - 2.428592205 * y + 0.4505937099 * z;
    const blue = 0.0259040371 * x + 0.7827717662 * y - 0.808675766 * z;
    return { l, c: Math.hypot(a, blue), h: (Math.atan2(blue, a) * 180) / Math.PI };
  },
};

const luminance = (colour: Oklch): number => {
  const [r, g, b] = toLinear(colour);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};

export function contrast(one: Oklch, other: Oklch): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

const read = (text: string): Oklch => {
  const [l = 0, c = 0, h = 0] = text.trim().split(/\s+/u).map(Number);
  return { l, c, h };
};

/** The custom properties of a style that are one colour in light and another in dark. */
export const tokensIn = (style: string): Map<string, { light: Oklch; dark: Oklch }> =>
  new Map(
    [...style.matchAll(/(--[\w-]+):\s*light-dark\(oklch\(([^)]+)\),\s*oklch\(([^)]+)\)\)/gu)].map(
      ([, name = "", light = "", dark = ""]) => [name, { light: read(light), dark: read(dark) }],
    ),
  );

/** What bytes stand on. */
export const grounds = tokensIn(readFileSync("src/styles/tokens.css", "utf8")).get("--inset") ?? {
  light: { l: 1, c: 0, h: 0 },
  dark: { l: 0, c: 0, h: 0 },
};
