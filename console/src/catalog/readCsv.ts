/** Part numbers or defect codes from a CSV file, whatever its separator. */
import Papa from 'papaparse';

export type Kind = 'products' | 'defects';

export interface CatalogRow {
  /** Of the file, the header being line 1. */
  readonly line: number;
  readonly code: string;
  readonly name?: string;
  readonly promptName?: string;
}

export interface ReadCsv {
  readonly kind: Kind;
  readonly rows: readonly CatalogRow[];
  readonly problems: readonly Problem[];
}

export interface Problem {
  /** The name of a text. */
  readonly text: 'noColumn' | 'empty' | 'noCode' | 'twice';
  readonly line: number;
  readonly value: string;
}

const CODE_COLUMNS: Record<Kind, string> = { products: 'partNumber', defects: 'code' };

export function readCsv(content: string): ReadCsv {
  const { data, meta } = Papa.parse<Record<string, string>>(content, { header: true, skipEmptyLines: true });
  const kind = (['products', 'defects'] as const).find((one) => meta.fields?.includes(CODE_COLUMNS[one]));
  if (kind === undefined) return { kind: 'products', rows: [], problems: [{ text: 'noColumn', line: 1, value: '' }] };
  const column = CODE_COLUMNS[kind];
  const problems: Problem[] = data.length === 0 ? [{ text: 'empty', line: 1, value: '' }] : [];
  const seen = new Set<string>();
  const rows = data.map((fields, index): CatalogRow => {
    const line = index + 2;
    const code = fields[column]?.trim() ?? '';
    if (code === '') problems.push({ text: 'noCode', line, value: column });
    else if (seen.has(code)) problems.push({ text: 'twice', line, value: code });
    seen.add(code);
    const name = fields['name']?.trim() ?? '';
    const promptName = fields['promptName']?.trim() ?? '';
    return { line, code, ...(name !== '' && { name }), ...(promptName !== '' && { promptName }) };
  });
  return { kind, rows, problems };
}

export interface Before {
  readonly name: string;
  readonly promptName: string;
}

export type Effect = 'created' | 'updated' | 'unchanged';

/** What an import of the row does. A column that is absent leaves what is there. */
export function effectOf(row: CatalogRow, before: Before | undefined): Effect {
  if (before === undefined) return 'created';
  const same = (['name', 'promptName'] as const).every(
    (field) => row[field] === undefined || row[field] === before[field],
  );
  return same ? 'unchanged' : 'updated';
}
