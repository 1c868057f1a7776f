/** Only adds. A version before this one writes the archives of exports without photographs. */
export const exportedPhotographs: readonly string[] = [
  `alter table export add column photograph_count integer not null default 0 check (photograph_count >= 0)`,
  `create table export_photograph (
    tenant_id uuid not null,
    export_id uuid not null,
    position integer not null,
    reference_id uuid not null,
    held_out boolean not null,
    primary key (export_id, position),
    foreign key (tenant_id, export_id) references export (tenant_id, id) on delete cascade,
    foreign key (tenant_id, reference_id) references reference (tenant_id, id)
  )`,
];
