/** The lines of other programs as a part of docs/errors.md. */
import { filled, type MessageRow } from './message.ts';
import { MESSAGES } from './messages.ts';

export function messagesDocument(): string {
  const programs = [...new Set(MESSAGES.map(({ program }) => program))].filter(
    (program) => program !== 'unknown program',
  );
  const sections = programs.map((program) => {
    const rows = MESSAGES.filter((row) => row.program === program);
    return [`### ${program}\n`, ...rows.map(section)].join('\n');
  });
  return [
    '# Lines of other programs\n',
    'What `vhost-compat explain` knows. Paste a line, or a whole log: masks are decoded, the missing features named, and',
    'what is most likely behind them. The name in parentheses is stable and stands in the JSON as `id`.\n',
    ...sections,
  ].join('\n');
}

function section(row: MessageRow): string {
  const names = [...row.pattern.source.matchAll(/\(\?<(\w+)>/g)].map((match) => match[1] ?? '');
  const places = Object.fromEntries(names.map((name) => [name, `*${name}*`]));
  const text = (one: string) => filled(one, places).replaceAll('<', '\\<');
  const parts = [`\`${row.example.trim()}\` (${row.id})\n`, `${text(row.means)}\n`];
  if (row.culprit !== undefined) parts.push(`*Likely:* ${text(row.culprit)}\n`);
  if (row.remedy !== undefined) parts.push(`*What to do:* ${text(row.remedy)}\n`);
  return parts.join('\n');
}
