/**
 * Whole bundles of tenants, uploaded or trained. They belong to no other bundle, and a worker tries each of them once. An older worker
 * beside this one fails generations that name one.
 */
export const tenantBundles: readonly string[] = [
  `alter table tenant_model alter column base drop not null, add column trial jsonb`,
  `alter table training
    drop constraint training_kind_check,
    add constraint training_kind_check check (kind in ('ADAPTER', 'FINE_TUNE', 'FROM_SCRATCH'))`,
];
