import type { Blocker } from '../../../compat-tables/entries/entry.ts';

/** A blocker in Compat_Version.blockers: one JSON text, its members in fixed order, so that equal blockers are equal texts. */
export function encodeBlocker({ code, text, missing }: Blocker): string {
  return JSON.stringify({ code, text, missing });
}

/** Text of any other form is shown as it is. */
export function readBlocker(stored: string): Blocker {
  try {
    const value: unknown = JSON.parse(stored);
    if (typeof value === 'object' && value !== null && 'code' in value && 'text' in value) {
      const missing = 'missing' in value && Array.isArray(value.missing) ? value.missing.map(String) : [];
      return { code: String(value.code), text: String(value.text), missing };
    }
  } catch {
    // falls through: text that is not JSON is a sentence
  }
  return { code: 'VC-INTERNAL', text: stored, missing: [] };
}
