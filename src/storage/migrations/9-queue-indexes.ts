/**
 * Keeps a deep queue and a large catalog as fast as small ones. The database itself maintains the sums, so an older
 * version beside this one keeps them correct too.
 */
import { EFFECTIVE_PRIORITY } from '../effectivePriority.js';

/** Columns that samples are filtered by. The indexes leave out samples without a score. */
const MEASURES = ['strength', 'area_fraction', 'visibility', 'agreement', 'seam', 'direction'];

/** Connections add to different parts of a tenant's sum; otherwise, each would wait for the commit of the other. */
const PARTS = 16;

/** Nothing is counted for a tenant that is being deleted. */
const countBytes = (name: string, sign: '+' | '-'): string => `
  create function ${name}() returns trigger language plpgsql as $$
  begin
    insert into stored_bytes as s (tenant_id, part, bytes)
    select c.tenant_id, pg_backend_pid() % ${String(PARTS)}, ${sign}sum(c.bytes)
    from changed c where exists (select from tenant t where t.id = c.tenant_id) group by c.tenant_id
    on conflict (tenant_id, part) do update set bytes = s.bytes + excluded.bytes;
    return null;
  end $$`;

/** The table in which workers renew their claims comes last, because it stays locked until the end. */
export const queueIndexes: readonly string[] = [
  `create index sample_by_pair on sample (tenant_id, product_id, defect_id, generation_id desc, index)`,
  `create index sample_by_age on sample (tenant_id, created_at)`,
  ...MEASURES.map(
    (measure) => `create index sample_by_${measure} on sample (tenant_id, ${measure}) where ${measure} is not null`,
  ),
  `create table stored_bytes (
    tenant_id uuid not null references tenant on delete cascade,
    part integer not null,
    bytes bigint not null,
    primary key (tenant_id, part)
  )`,
  countBytes('count_artifacts_in', '+'),
  countBytes('count_artifacts_out', '-'),
  `create trigger artifacts_in after insert on artifact referencing new table as changed
    for each statement execute function count_artifacts_in()`,
  `create trigger artifacts_out after delete on artifact referencing old table as changed
    for each statement execute function count_artifacts_out()`,
  `insert into stored_bytes select tenant_id, 0, sum(bytes) from artifact group by tenant_id`,
  `drop index artifact_size`,
  `create index generation_turn on generation (tenant_id, ${EFFECTIVE_PRIORITY}, id) where status = 'QUEUED'`,
  `create index generation_running on generation (tenant_id) where status = 'RUNNING'`,
  `create index generation_waiting on generation (priority) include (tenant_id, count, pixel_steps) where status = 'QUEUED'`,
  `create index generation_by_status on generation (tenant_id, status, id)`,
  `create index generation_over on generation (tenant_id, finished_at) where expired_at is null`,
  `drop index generation_open`,
];
