/** Names that a user may have meant, best first: those that differ by a slip of the finger, or that contain the word. */
export function nearNames(name: string, names: Iterable<string>, atMost = 3): string[] {
  const slips = Math.max(2, Math.floor(name.length / 6));
  return [...new Set(names)]
    .map((one) => ({ one, far: one.includes(name) && name.length > 2 ? 0.5 : editDistance(name, one) }))
    .filter(({ far }) => far <= slips)
    .toSorted((a, b) => a.far - b.far || (a.one < b.one ? -1 : 1))
    .slice(0, atMost)
    .map(({ one }) => one);
}

/** `; did you mean "a" or "b"?`, or what there is when nothing is near; for the end of a message. */
export function suggestion(name: string, names: readonly string[]): string {
  const near = nearNames(name, names);
  if (near.length > 0) return `; did you mean ${near.map((one) => `"${one}"`).join(' or ')}?`;
  if (names.length === 0) return '; there are none';
  const more = names.length > 8 ? ` and ${names.length - 8} more` : '';
  return `; there are ${names.slice(0, 8).join(', ')}${more}`;
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
