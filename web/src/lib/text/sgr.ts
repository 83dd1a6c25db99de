// How a terminal's text looks: the styles that SGR sequences ask for (ECMA-48, 8.3.117), with 16, 256 and true colours.

/** One of the 16 colours that the theme has, by its number, or one of its own as `#rrggbb`. */
export type Colour = number | string;

export interface Style {
  fg: Colour | null;
  bg: Colour | null;
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
  inverse: boolean;
  strike: boolean;
}

export const PLAIN: Style = Object.freeze({
  fg: null,
  bg: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  inverse: false,
  strike: false,
});

/** What each number alone changes. What is not here (blinking, frames, fonts, hiding) changes nothing. */
const CHANGES = new Map<number, Partial<Style>>([
  [0, PLAIN],
  [1, { bold: true }],
  [2, { dim: true }],
  [3, { italic: true }],
  [4, { underline: true }],
  [7, { inverse: true }],
  [9, { strike: true }],
  [21, { underline: true }],
  [22, { bold: false, dim: false }],
  [23, { italic: false }],
  [24, { underline: false }],
  [27, { inverse: false }],
  [29, { strike: false }],
  [39, { fg: null }],
  [49, { bg: null }],
  ...Array.from({ length: 8 }, (_, n) => [30 + n, { fg: n }] as const),
  ...Array.from({ length: 8 }, (_, n) => [40 + n, { bg: n }] as const),
  ...Array.from({ length: 8 }, (_, n) => [90 + n, { fg: n + 8 }] as const),
  ...Array.from({ length: 8 }, (_, n) => [100 + n, { bg: n + 8 }] as const),
]);

/** Text, ground and underline: what follows these says which colour. */
const COLOURED = new Map<number, "fg" | "bg" | null>([
  [38, "fg"],
  [48, "bg"],
  [58, null],
]);

const isByte = (n: number | undefined): n is number => n !== undefined && n >= 0 && n <= 255;

const hex = (red: number, green: number, blue: number): string =>
  `#${[red, green, blue].map((part) => part.toString(16).padStart(2, "0")).join("")}`;

/** A colour of the table of 256: the theme's 16, a cube of six steps a side, and 24 greys. */
export function indexed(n: number): Colour {
  if (n < 16) return n;
  if (n >= 232) {
    const grey = 8 + (n - 232) * 10;
    return hex(grey, grey, grey);
  }
  const step = (at: number): number => (at === 0 ? 0 : 55 + at * 40);
  const at = n - 16;
  return hex(step(Math.floor(at / 36)), step(Math.floor(at / 6) % 6), step(at % 6));
}

/** `5` and an index, or `2` and three parts. */
function colourOf(kind: number | undefined, parts: readonly number[]): Colour | null {
  const [one, two, three] = parts;
  if (kind === 5) return isByte(one) ? indexed(one) : null;
  if (kind === 2 && isByte(one) && isByte(two) && isByte(three)) return hex(one, two, three);
  return null;
}

/** The style after a sequence with these parameters: `1;38;5;208`, or with colons: `38:2::255:128:0`. */
export function styled(style: Style, parameters: string): Style {
  let next = style;
  const change = (what: Partial<Style>): void => {
    next = what === PLAIN ? PLAIN : { ...next, ...what };
  };
  const all = parameters.split(";").map((one) => one.split(":").map(Number));
  for (let at = 0; at < all.length; at++) {
    const [number = 0, ...sub] = all[at] ?? [];
    const where = COLOURED.get(number);
    if (where === undefined) {
      // `4:0` takes the underline away; `4:3` is a wavy one.
      if (number === 4 && sub[0] === 0) change({ underline: false });
      else change(CHANGES.get(number) ?? {});
      continue;
    }
    let colour: Colour | null;
    if (sub.length > 0) {
      // Between the kind and the parts may stand a colour space.
      const [kind, ...parts] = sub;
      colour = colourOf(kind, parts.length > 3 ? parts.slice(1) : parts);
    } else {
      const kind = all[at + 1]?.[0];
      const count = kind === 2 ? 3 : kind === 5 ? 1 : 0;
      colour = colourOf(
        kind,
        all.slice(at + 2, at + 2 + count).map(([part = 0]) => part),
      );
      at += 1 + count;
    }
    if (where !== null && colour !== null) change({ [where]: colour });
  }
  return next;
}
