// Input that is close to right: texts, bytes and JSON with something taken out, put in, doubled, exchanged or cut off.
const telling = [
  ...[
    "",
    "\0",
    "\n",
    "\r\n",
    "\r\n\r\n",
    " ",
    "\ufeff",
    "\u2028",
    "\u202e",
    "é",
    "🦀",
    "%",
    "%00",
    "%2e%2e%2f",
    '"',
    "\\",
    "'",
    "';--",
  ],
  ...[
    "\\u0000",
    "\\ud800",
    ";",
    ":",
    ",",
    "-",
    ".",
    "..",
    "/",
    "=",
    "#",
    "+",
    "&",
    "?",
    "*",
    "[",
    "]",
    "{",
    "}",
    "<script>",
    "0",
    "-1",
  ],
  ...[
    "1e999",
    "NaN",
    "null",
    "true",
    "18446744073709551616",
    "-9223372036854775809",
    "data: ",
    "event: ",
    "=?base64?",
    "?=",
  ],
];

/** Changes made by choices of `random`, a number from 0 to 1 a call. */
export class Mutation {
  constructor(random) {
    this.random = random;
  }

  below(limit) {
    return Math.floor(this.random() * limit);
  }

  chance(odds) {
    return this.random() < odds;
  }

  of(list) {
    return list[this.below(list.length)];
  }

  text(most) {
    return Array.from({ length: this.below(most + 1) }, () =>
      this.chance(0.5) ? this.of(telling) : String.fromCodePoint(32 + this.below(95)),
    ).join("");
  }

  #stretch(length) {
    const from = this.below(length + 1);
    return [from, Math.min(length, from + this.below((this.chance(0.25) ? length : 4) + 1))];
  }

  /** A text close to `text`, or the same. */
  changed(text) {
    let changed = text;
    for (let times = 1 + this.below(3); times > 0; times -= 1) {
      const [from, to] = this.#stretch(changed.length);
      const [head, middle, tail] = [changed.slice(0, from), changed.slice(from, to), changed.slice(to)];
      changed = this.of([
        () => head + tail,
        () => head,
        () => head + this.of(telling) + middle + tail,
        () => head + this.text(3) + tail,
        () => head + middle + middle + tail,
        () => head + [...middle].reverse().join("") + tail,
      ])();
    }
    return changed;
  }

  /** Bytes close to `bytes`. */
  changedBytes(bytes) {
    let changed = Buffer.from(bytes);
    for (let times = 1 + this.below(3); times > 0; times -= 1) {
      const [from, to] = this.#stretch(changed.length);
      const [head, middle, tail] = [changed.subarray(0, from), changed.subarray(from, to), changed.subarray(to)];
      const noise = Buffer.from(this.chance(0.5) ? this.of(telling) : [this.below(256), this.below(256)]);
      changed = Buffer.concat(
        this.of([[head, tail], [head], [head, noise, middle, tail], [head, noise, tail], [head, middle, middle, tail]]),
      );
    }
    return changed;
  }

  /** Any JSON, not very deep. */
  json(depth = 2) {
    return this.of([
      () => null,
      () => this.chance(0.5),
      () => this.below(200) - 50,
      () => this.of([2 ** 53, -(2 ** 63), 1.5, 1e300, Number.MAX_SAFE_INTEGER]),
      () => this.text(5),
      () => this.of(telling).repeat(this.of([1, 300, 3_000])),
      ...(depth
        ? [
            () => Array.from({ length: this.below(4) }, () => this.json(depth - 1)),
            () => Object.fromEntries(Array.from({ length: this.below(4) }, () => [this.text(2), this.json(depth - 1)])),
          ]
        : []),
    ])();
  }

  /** `value` changed in one place, however deep. */
  changedJson(value) {
    if (Array.isArray(value) && value.length && this.chance(0.8)) {
      const at = this.below(value.length);
      return this.of([
        () => value.toSpliced(at, 1),
        () => [...value, ...Array(this.of([1, 20, 101])).fill(value[at])],
        () => value.with(at, this.changedJson(value[at])),
      ])();
    }
    if (value && typeof value === "object" && !Array.isArray(value) && Object.keys(value).length && this.chance(0.85)) {
      const name = this.of(Object.keys(value));
      const { [name]: member, ...rest } = value;
      return this.of([
        () => rest,
        () => ({ ...rest, [this.changed(name)]: member }),
        () => ({ ...value, [this.text(2)]: this.json() }),
        () => ({ ...rest, [name]: this.json() }),
        () => ({ ...value, [name]: this.changedJson(member) }),
        () => ({ ...value, [name]: this.changedJson(member) }),
      ])();
    }
    if (typeof value === "string" && this.chance(0.8)) return this.changed(value);
    return this.json();
  }
}

/** What bytes are to a strict reader of JSON: `{is: "json", value}`, `{is: "none"}`, or "unsure" where such readers differ. */
export function readJson(bytes) {
  let text, value;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.from(bytes));
    value = JSON.parse(text);
  } catch {
    return { is: "none" };
  }
  // Half a surrogate pair, a number beyond all limits, more nesting than a reader follows.
  const differs =
    /\\u[dD][89a-fA-F]/.test(text) || /\d{300}|[eE][+-]?\d{3}/.test(text) || /(?:[[{][^[{\]}]*){100}/.test(text);
  return differs ? { is: "unsure", value } : { is: "json", value, text };
}
