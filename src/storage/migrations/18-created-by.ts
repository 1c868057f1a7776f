/** Who requested or made something: "key:<id>" or "token:<sub>". Null in rows of older versions. */
export const createdBy: readonly string[] = ['generation', 'export', 'upload', 'reference', 'webhook'].map(
  (table) => `alter table ${table} add column created_by text`,
);
