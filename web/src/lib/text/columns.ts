// How many columns of a monospaced font a text takes: tabs go to the next eighth, wide characters take two, marks on others none.

const TAB = 8;

/** All that takes exactly one column. */
const SIMPLE = /^[\u0020-\u007e\u00a0-\u02ff]*$/u;
const NONE = /^[\p{M}\p{Cf}]$/u;
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]$/u;

export function columnsOf(text: string): number {
  if (SIMPLE.test(text)) return text.length;
  let columns = 0;
  for (const character of text) {
    if (character === "\t") columns += TAB - (columns % TAB);
    else if (character <= "\u02ff") columns++;
    else if (WIDE.test(character)) columns += 2;
    else if (!NONE.test(character)) columns++;
  }
  return columns;
}
