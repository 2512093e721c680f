import type { Column, Role, TableModel } from './model/column.ts';
import { TABLE_MODELS } from './model/tables.ts';

/** The generated part of docs/database.md: each table with its columns. The rest of the page is written by hand. */
export function databaseTables(): string {
  return Object.entries<TableModel>(TABLE_MODELS)
    .map(([table, model]) => tableSection(table, model))
    .join('\n');
}

const WRITERS: Readonly<Record<Role, string>> = {
  intent: 'clients',
  status: 'agent, status',
  record: 'agent',
  free: 'anybody',
};

function tableSection(table: string, model: TableModel): string {
  const rows = Object.entries(model).map(([name, column]) => columnLine(name, column));
  const head = ['| column | type | written by | in documents | |', '| --- | --- | --- | --- | --- |'];
  return `### ${table}\n\n${[...head, ...rows].join('\n')}\n`;
}

function columnLine(name: string, { codec, role, document, within, about }: Column): string {
  const place = document === undefined ? '' : `\`${within === undefined ? '' : `${within}.`}${document}\``;
  return `| \`${name}\` | ${codec.words} | ${WRITERS[role]} | ${place} | ${about.replaceAll('|', '\\|')} |`;
}
