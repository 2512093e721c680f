const FIRST_SURROGATE = 0xd800;
const LAST_SURROGATE = 0xdfff;

/** Orders strings by their UTF-8 bytes, which is the order of code points: `B` before `a`, U+FFFD before U+1F600. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const common = Math.min(a.length, b.length);
  for (let i = 0; i < common; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return codePointRank(x) - codePointRank(y);
  }
  return a.length - b.length;
}

/** Moves surrogates, which stand for the highest code points, above U+E000 to U+FFFF. */
function codePointRank(unit: number): number {
  return unit >= FIRST_SURROGATE && unit <= LAST_SURROGATE ? unit + 0x10000 : unit;
}

/** The number of Unicode characters, which a schema's string lengths count. */
export function countCharacters(text: string): number {
  let count = text.length;
  for (let i = 0; i + 1 < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= FIRST_SURROGATE && unit < 0xdc00) {
      count--;
      i++;
    }
  }
  return count;
}

/** An `<id>` of RFC 7047, section 3.1. */
export function isId(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
}

/** An English enumeration: "a", "a and b", "a, b, and c". */
export function englishList(items: readonly string[]): string {
  if (items.length < 3) return items.join(' and ');
  return `${items.slice(0, -1).join(', ')}, and ${items.at(-1)}`;
}
