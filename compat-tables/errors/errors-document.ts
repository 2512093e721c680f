import { messagesDocument } from '../explain/messages-document.ts';
import { CATALOGUE, type CatalogueRow, EXIT } from './catalogue.ts';

const EXIT_TEXT = {
  failed: 'failed',
  usage: 'wrong usage',
  no: 'the answer is no',
  unreachable: 'unreachable or timed out',
} as const satisfies Record<Exclude<keyof typeof EXIT, 'done'>, string>;

/** The page docs/errors.md: the catalogue, in the order of the codes, and the lines of other programs that we explain. */
export function errorsDocument(): string {
  const rows: [string, CatalogueRow][] = Object.entries(CATALOGUE);
  rows.sort(([a], [b]) => (a < b ? -1 : 1));
  const sections = rows.map(
    ([code, { title, meaning, remedy, exit }]) =>
      `## ${code}\n\n**${capital(title)}.** ${meaning}\n\n*What to do:* ${remedy}\n\n*Exit status:* ${EXIT[exit ?? 'failed']}, ${EXIT_TEXT[exit ?? 'failed']}\n`,
  );
  return [
    '# Errors\n',
    'Every error carries one of these codes; the code is stable, the text beside it may change.',
    'This page is generated from `compat-tables/errors/` and `compat-tables/explain/` with `npm run docs`; the lines of',
    'other programs stand [below](#lines-of-other-programs).\n',
    ...sections,
    messagesDocument(),
  ].join('\n');
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
