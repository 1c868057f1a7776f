/** Reads CSV (RFC 4180) by lines. */
const FIELD = /("(?:[^"]|"")*"|[^,]*)(,|$)/y;

/** The fields of a line, without their quotes. */
export function csvFields(line: string): string[] {
  const fields: string[] = [];
  FIELD.lastIndex = 0;
  for (let end = ','; end === ',';) {
    const [, field = '', separator = ''] = FIELD.exec(line) ?? [];
    fields.push(field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field);
    end = separator;
  }
  return fields;
}
