import { CATALOGUE, type CatalogueRow } from './catalogue.ts';

/** The catalogue as the page docs/errors.md, in the order of the codes. */
export function errorsDocument(): string {
  const rows: [string, CatalogueRow][] = Object.entries(CATALOGUE);
  rows.sort(([a], [b]) => (a < b ? -1 : 1));
  const sections = rows.map(
    ([code, row]) => `## ${code}\n\n**${capital(row.title)}.** ${row.meaning}\n\n*What to do:* ${row.remedy}\n`,
  );
  return [
    '# Errors\n',
    'Every error carries one of these codes; the code is stable, the text beside it may change.',
    'This page is generated from `compat-tables/catalogue.ts` with `npm run docs`.\n',
    ...sections,
  ].join('\n');
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
