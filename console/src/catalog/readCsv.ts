/** Part numbers or defect codes from a CSV file, whatever its separator. */
import Papa from 'papaparse';

export type Kind = 'products' | 'defects';

export interface CatalogRow {
  /** Of the file, in which it begins. */
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
  readonly text: 'noColumn' | 'bothColumns' | 'empty' | 'noCode' | 'twice' | 'quote' | 'tooManyFields';
  readonly line: number;
  readonly value: string;
}

interface Line {
  readonly line: number;
  readonly fields: readonly string[];
  readonly badQuote: boolean;
}

/** Lines. */
const GUESSED_FROM = 10;
const CODE_COLUMNS = { products: 'partNumber', defects: 'code' } as const;

export function readCsv(content: string): ReadCsv {
  const [head, ...records] = recordsOf(content);
  const columns = head?.fields.map((field) => field.trim().toLowerCase()) ?? [];
  const kinds = (['products', 'defects'] as const).filter((one) => columns.includes(CODE_COLUMNS[one].toLowerCase()));
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    const text = kind === undefined ? 'noColumn' : 'bothColumns';
    return { kind: 'products', rows: [], problems: [{ text, line: 1, value: '' }] };
  }
  const problems: Problem[] = records.length === 0 ? [{ text: 'empty', line: 1, value: '' }] : [];
  const seen = new Set<string>();
  const rows = records.map(({ line, fields, badQuote }): CatalogRow => {
    const field = (name: string) => fields[columns.indexOf(name.toLowerCase())]?.trim() ?? '';
    const code = canonicalCode(field(CODE_COLUMNS[kind]));
    const extra = fields.slice(columns.length).find((one) => one.trim() !== '');
    if (badQuote) problems.push({ text: 'quote', line, value: '' });
    else if (extra !== undefined) problems.push({ text: 'tooManyFields', line, value: extra.trim() });
    else if (code === '') problems.push({ text: 'noCode', line, value: CODE_COLUMNS[kind] });
    else if (seen.has(code)) problems.push({ text: 'twice', line, value: code });
    seen.add(code);
    const name = field('name');
    const promptName = field('promptName');
    return { line, code, ...(name !== '' && { name }), ...(promptName !== '' && { promptName }) };
  });
  return { kind, rows, problems };
}

/** Without those in which nothing is. A field in quotes can have several lines. */
function recordsOf(content: string): Line[] {
  const records: Line[] = [];
  let line = 1;
  let end = 0;
  // Empty lines would count as lines without a separator.
  const { delimiter } = Papa.parse(content, { preview: GUESSED_FROM, skipEmptyLines: true }).meta;
  Papa.parse<string[]>(content, {
    delimiter,
    step: ({ data: fields, errors, meta: { cursor } }) => {
      const badQuote = errors.some(({ type }) => type === 'Quotes');
      if (badQuote || fields.some((field) => field.trim() !== '')) records.push({ line, fields, badQuote });
      line += content.slice(end, cursor).match(/\r\n|\r|\n/g)?.length ?? 0;
      end = cursor;
    },
  });
  return records;
}

/** As the service compares codes. */
export function canonicalCode(text: string): string {
  return text.normalize('NFC').replace(/\p{Zs}/gu, ' ');
}

/** A spreadsheet writes the encoding of Windows, or UTF-16, unless it is asked for UTF-8. */
export function decodeCsv(bytes: ArrayBuffer): string {
  const [first, second] = new Uint8Array(bytes);
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}
