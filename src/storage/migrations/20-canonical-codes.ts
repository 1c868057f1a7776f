/**
 * Part numbers and defect codes in the form of catalog/codes.ts. A code that is canonical already stays. Of several
 * codes that become the same, the canonical one keeps it, or else the oldest; the others are renamed to
 * "CODE (duplicate 1a2b3c4d)", with the end of their ids, so that they and what was drawn of them can be found.
 */
const BLANKS = '\\u0009-\\u000D\\u0020\\u0085\\u00A0\\u1680\\u2000-\\u200A\\u2028\\u2029\\u202F\\u205F\\u3000\\uFEFF';
const INVISIBLE =
  '\\u00AD\\u034F\\u061C\\u115F\\u1160\\u17B4\\u17B5\\u180B-\\u180F\\u200B-\\u200F\\u202A-\\u202E\\u2060-\\u206F\\u3164' +
  '\\uFE00-\\uFE0F\\uFEFF\\uFFA0\\uFFF0-\\uFFFB\\U0001BCA0-\\U0001BCA3\\U0001D173-\\U0001D17A\\U000E0000-\\U000E0FFF';
const BLANKS_WITHIN = '\\u00A0\\u1680\\u2000-\\u200A\\u202F\\u205F\\u3000';

/** Only a database in UTF-8 can normalize. */
function canonical(column: string): string {
  const composed = `normalize(regexp_replace(${column}, '[${INVISIBLE}]', '', 'g'), NFC)`;
  const trimmed = `regexp_replace(${composed}, '^[${BLANKS}]+|[${BLANKS}]+$', '', 'g')`;
  return `regexp_replace(${trimmed}, '[${BLANKS_WITHIN}]', ' ', 'g')`;
}

const statements = (table: string, code: string): readonly string[] => [
  // Nothing is left of a code of blanks alone, so it becomes its id.
  `with wanted as (
    select id, tenant_id, ${code} as before, created_at, coalesce(nullif(${canonical(code)}, ''), id::text) as after
    from ${table} where getdatabaseencoding() = 'UTF8'
  ), ranked as (
    select *, row_number() over (partition by tenant_id, after order by before <> after, created_at, id) as place
    from wanted
  )
  update ${table} t
  set ${code} = case when place = 1 then after else left(after, 170) || ' (duplicate ' || right(t.id::text, 8) || ')' end,
      updated_at = now()
  from ranked r
  where r.id = t.id and r.before <> r.after`,
  `create index ${table}_by_code_in_lower_case on ${table} (tenant_id, lower(${code}))`,
];

export const canonicalCodes: readonly string[] = [
  ...statements('product', 'part_number'),
  ...statements('defect', 'code'),
];
