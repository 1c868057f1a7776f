/**
 * Only adds. The class number and the folder name of each defect and product in a tenant's exports. They are given at
 * the first export with it and kept, so that exports agree. An older version beside this one gives none.
 */
export const exportLabels: readonly string[] = [
  `create table export_label (
    tenant_id uuid not null references tenant on delete cascade,
    kind text not null check (kind in ('PRODUCT', 'DEFECT')),
    subject_id uuid not null,
    position integer not null check (position >= 0),
    folder text not null,
    folded text not null,
    primary key (tenant_id, kind, subject_id),
    unique (tenant_id, kind, position),
    unique (tenant_id, kind, folded)
  )`,
];
