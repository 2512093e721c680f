import { defaultOf, flagOf, ROWS } from './settings.ts';

/** The table of settings in docs/configuration.md, in the order of the rows. */
export function settingsTable(): string {
  const rows = ROWS.map(([, row]) => {
    const flag = flagOf(row);
    const flags =
      flag === undefined ? '–' : [...(row.short === undefined ? [] : [row.short]), flag].map(code).join(', ');
    return `| ${code(row.key)} | ${flags} | ${defaultOf(row) ?? 'none'} | ${row.doc} |`;
  });
  return ['| setting | flag | default | meaning |', '|---|---|---|---|', ...rows, ''].join('\n');
}

const code = (text: string): string => `\`${text}\``;
