/**
 * Before samples are deleted: those that were drawn on them, or took defects from them, keep what they show. Otherwise a
 * photograph that is for testing could be learnt from with them.
 */
import { and, inArray, notInArray, sql } from '../../storage/drizzle.js';
import { listedIds } from '../../storage/listedIds.js';
import { samples } from '../../storage/tables.js';
import type { TenantScope } from '../../storage/tenantScope.js';

/** Runs in the transaction that deletes `ids`. */
export async function keepSources({ database, rows, tenantId }: TenantScope, ids: readonly string[]): Promise<void> {
  const gone = listedIds(ids);
  await database.execute(sql`
    insert into sample_source (tenant_id, sample_id, reference_id)
    with recursive below as (
      select d.id as above, s.id, s.reference_id, s.defect_reference_id, s.base_sample_id, s.donor_sample_id
      from sample d join sample s on s.tenant_id = ${tenantId} and s.id in (d.base_sample_id, d.donor_sample_id)
      where d.tenant_id = ${tenantId} and s.id in (${gone}) and d.id not in (${gone})
      union
      select b.above, s.id, s.reference_id, s.defect_reference_id, s.base_sample_id, s.donor_sample_id
      from below b join sample s on s.tenant_id = ${tenantId} and s.id in (b.base_sample_id, b.donor_sample_id)
    )
    select ${tenantId}::uuid, above, reference_id from below where reference_id is not null
    union select ${tenantId}::uuid, above, defect_reference_id from below where defect_reference_id is not null
    union select ${tenantId}::uuid, b.above, o.reference_id
      from below b join sample_source o on o.tenant_id = ${tenantId} and o.sample_id = b.id
    on conflict do nothing
  `);
  await database
    .update(samples)
    .set({ onSample: true })
    .where(rows(samples, and(inArray(samples.baseSampleId, [...ids]), notInArray(samples.id, [...ids]))));
}
