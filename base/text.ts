/** `1 interface`, `2 interfaces`; `many` is an irregular plural. */
export function plural(count: number, noun: string, many = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : many}`;
}

/** `a, b, c`, or `a, b and 7 more` when there are more than `atMost`. */
export function firstNames(names: readonly string[], atMost: number): string {
  const more = names.length - atMost;
  return `${names.slice(0, atMost).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** A text of at most so many characters (UTF-16): what is more is cut off, and no pair of surrogates in two. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = text.slice(0, most - 1);
  return `${/[\ud800-\udbff]$/.test(end) ? end.slice(0, -1) : end}…`;
}

/** Names that a user may have meant, best first: those that differ by a typing error, or that contain the word. */
export function nearNames(name: string, names: Iterable<string>, atMost = 3): string[] {
  const slips = Math.max(2, Math.floor(name.length / 6));
  return [...new Set(names)]
    .map((one) => ({ one, far: one.includes(name) && name.length > 2 ? 0.5 : editDistance(name, one) }))
    .filter(({ far }) => far <= slips)
    .toSorted((a, b) => a.far - b.far || (a.one < b.one ? -1 : 1))
    .slice(0, atMost)
    .map(({ one }) => one);
}

/** The end of a message: `; did you mean "a" or "b"?`, or the names that there are when none is near. */
export function suggestion(name: string, names: readonly string[]): string {
  const near = nearNames(name, names);
  if (near.length > 0) return `; did you mean ${near.map((one) => `"${one}"`).join(' or ')}?`;
  return names.length === 0 ? '; there are none' : `; there are ${firstNames(names, 8)}`;
}

/** Levenshtein's distance: insertions, removals and replacements. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** Whether a string can be written as UTF-8 and read by C programs: no half of a surrogate pair, no NUL. */
export function isWholeText(text: string): boolean {
  return !BROKEN_TEXT.test(text);
}

const BROKEN_TEXT = /\p{Surrogate}|\0/u;
