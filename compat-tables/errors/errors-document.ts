import { filled, type MessageRow } from '../explain/messages/message-row.ts';
import { MESSAGES } from '../explain/messages/messages.ts';
import { CATALOGUE, type CatalogueRow } from './catalogue.ts';
import { EXIT, EXIT_TEXT } from './exit-status.ts';

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
    messagesPart(),
  ].join('\n');
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** The lines of other programs, by program. */
function messagesPart(): string {
  const programs = [...new Set(MESSAGES.map(({ program }) => program))].filter(
    (program) => program !== 'unknown program',
  );
  const sections = programs.map((program) => {
    const rows = MESSAGES.filter((row) => row.program === program);
    return [`### ${program}\n`, ...rows.map(messageSection)].join('\n');
  });
  return [
    '# Lines of other programs\n',
    'What `vhost-compat explain` knows. Paste a line, or a whole log: masks are decoded, the missing features named, and',
    'what is most likely behind them. The name in parentheses is stable and stands in the JSON as `id`.\n',
    ...sections,
  ].join('\n');
}

function messageSection(row: MessageRow): string {
  const names = [...row.pattern.source.matchAll(/\(\?<(\w+)>/g)].map((match) => match[1] ?? '');
  const places = Object.fromEntries(names.map((name) => [name, `*${name}*`]));
  const text = (one: string) => filled(one, places).replaceAll('<', '\\<');
  const parts = [`\`${row.example.trim()}\` (${row.id})\n`, `${text(row.means)}\n`];
  if (row.culprit !== undefined) parts.push(`*Likely:* ${text(row.culprit)}\n`);
  if (row.remedy !== undefined) parts.push(`*What to do:* ${text(row.remedy)}\n`);
  return parts.join('\n');
}
