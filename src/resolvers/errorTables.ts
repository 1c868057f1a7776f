/** The tables of docs/errors.md. */
import type { CatalogueEntry } from '../errorCatalogue.js';
import { ERROR_CODES, FAILURE_CODES } from '../errorCatalogue.js';

/** Replaces what is between `<!-- errors -->`, or `<!-- failures -->`, and the next `<!-- end -->`. */
export function withTables(page: string): string {
  return replace(replace(page, 'errors', errorTable()), 'failures', failureTable());
}

function replace(page: string, name: string, table: string): string {
  const start = `<!-- ${name} -->\n`;
  const from = page.indexOf(start);
  const to = page.indexOf('<!-- end -->', from);
  if (from < 0 || to < 0) throw new Error(`docs/errors.md has no place for the table of ${name}`);
  return page.slice(0, from + start.length) + table + page.slice(to);
}

function errorTable(): string {
  const row = ([code, { when, extensions = [], status }]: [string, CatalogueEntry]): string => {
    const names = extensions.map((name) => `\`${name}\``).join(', ');
    return `| \`${code}\` | ${when} | ${names} | ${String(status ?? 200)} |\n`;
  };
  return `| Code | When | Extensions | Status |\n| --- | --- | --- | --- |\n${Object.entries(ERROR_CODES).map(row).join('')}`;
}

function failureTable(): string {
  const rows = Object.entries(FAILURE_CODES).map(([code, { when }]) => `| \`${code}\` | ${when} |\n`);
  return `| Code | When |\n| --- | --- |\n${rows.join('')}`;
}
