/** Products and defects can be listed by name and by time, too. The index by update is replaced by a longer one. */
export const listOrders: readonly string[] = (
  [
    ['product', 'part_number'],
    ['defect', 'code'],
  ] as const
).flatMap(([table, code]) => [
  `create index ${table}_by_name on ${table} (tenant_id, name, ${code})`,
  `create index ${table}_by_creation on ${table} (tenant_id, created_at, ${code})`,
  `create index ${table}_by_update_and_code on ${table} (tenant_id, updated_at, ${code})`,
  `drop index ${table}_by_update`,
]);
