/**
 * Takes a request for an export: the row and the list of its samples are written in one transaction, so the set is
 * that of this moment, whatever is drawn later. A sample with an empty mask shows no defect and is left out.
 */
import { and, count, eq, gt, inArray, sql } from 'drizzle-orm';
import type { Limits } from '../config.js';
import { ServiceError, badInput, quote } from '../errors.js';
import { requireStorage } from '../tenants/quotas.js';
import { inputHash } from '../generations/admission/resolveRequest.js';
import type { SampleConditions } from '../generations/samples/sampleRepository.js';
import { canMatch, matchingSamples } from '../generations/samples/sampleRepository.js';
import { notify } from '../storage/database.js';
import type { ExportSettings } from '../storage/exportJsonColumns.js';
import { newId } from '../storage/identifiers.js';
import type { ExportRow } from '../storage/tables.js';
import { exports, samples } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { EXPORT_CHANNEL } from './claimExport.js';
import type { ExportInput } from './resolveExport.js';
import { resolveExport } from './resolveExport.js';

/** Admissions take turns, so that two requests with one key are one export. */
const ADMISSION_LOCK = 4_711_006;
/** Of one tenant. Each is hours of reading at worst. */
const MAX_OPEN_EXPORTS = 20;
const RETRY_AFTER_MS = 30_000;

export async function admitExport(
  tenant: TenantScope,
  limits: Limits,
  input: ExportInput,
  conditions: SampleConditions,
): Promise<ExportRow> {
  const settings = resolveExport(input);
  const hash = inputHash(input);
  return tenant.transaction(async (scope) => {
    await scope.database.execute(sql`select pg_advisory_xact_lock(${sql.raw(String(ADMISSION_LOCK))})`);
    const known = await byIdempotencyKey(scope, input.idempotencyKey);
    if (known?.inputHash === hash) return known;
    if (known !== undefined) throw conflict(known);
    await requireCapacity(scope);
    await requireStorage(scope, limits.tenant);
    const row = await insert(scope, input, settings, hash);
    const sampleCount = await recordSamples(scope, row.id, settings, limits.samplesPerExport, conditions);
    const [accepted] = await scope.database
      .update(exports)
      .set({ sampleCount })
      .where(scope.rows(exports, eq(exports.id, row.id)))
      .returning();
    if (accepted === undefined) throw new Error(`export ${row.id} was inserted and is not there`);
    await notify(scope.database, EXPORT_CHANNEL, row.id);
    return accepted;
  });
}

async function byIdempotencyKey({ database, rows }: TenantScope, key: ExportInput['idempotencyKey']) {
  if (key == null) return undefined;
  const [row] = await database
    .select()
    .from(exports)
    .where(rows(exports, eq(exports.idempotencyKey, key)));
  return row;
}

function conflict({ id, idempotencyKey }: ExportRow): ServiceError {
  return new ServiceError(
    'IDEMPOTENCY_CONFLICT',
    `input.idempotencyKey: ${quote(idempotencyKey)} was used for export ${id} with other input; use a new key for a new request`,
    { field: 'input.idempotencyKey', exportId: id },
  );
}

async function requireCapacity({ database, rows }: TenantScope): Promise<void> {
  const [open] = await database
    .select({ count: count() })
    .from(exports)
    .where(rows(exports, inArray(exports.status, ['QUEUED', 'RUNNING'])));
  if ((open?.count ?? 0) < MAX_OPEN_EXPORTS) return;
  throw new ServiceError(
    'QUEUE_FULL',
    `${String(MAX_OPEN_EXPORTS)} exports are waiting or running, which is the most at a time; nothing was accepted, try again later`,
    { retryAfterMs: RETRY_AFTER_MS, limit: MAX_OPEN_EXPORTS },
  );
}

async function insert(
  { database, own }: TenantScope,
  { format, idempotencyKey = null }: ExportInput,
  settings: ExportSettings,
  inputHash: string,
): Promise<ExportRow> {
  const counters = { sampleCount: 0, samplesDone: 0, attempts: 0 };
  const row = { id: newId(), format, settings, status: 'QUEUED' as const, ...counters, createdAt: new Date() };
  const [inserted] = await database
    .insert(exports)
    .values(own({ ...row, idempotencyKey, inputHash }))
    .returning();
  if (inserted === undefined) throw new Error('an inserted export was not returned');
  return inserted;
}

/**
 * Of each product and defect the same share is held out, chosen by the seed. The pictures of one row of a sweep show
 * the same scene, so they stay together.
 */
async function recordSamples(
  scope: TenantScope,
  exportId: string,
  { heldOutFraction, splitSeed }: ExportSettings,
  most: number,
  conditions: SampleConditions,
): Promise<number> {
  const { database, rows, tenantId } = scope;
  if (!canMatch(conditions)) throw noSamples();
  const chosen = rows(samples, and(gt(samples.areaFraction, 0), ...matchingSamples(scope, conditions)));
  const scene = sql`md5(${String(splitSeed)}::text || ':' || ${samples.generationId}::text || ':' || ${samples.seed}::text)`;
  const { rows: counted } = await database.execute<{ n: string | number }>(sql`
    with chosen as (
      select ${samples.id} as id, ${samples.productId} as product, ${samples.defectId} as defect,
             row_number() over (order by ${samples.generationId} desc, ${samples.index}) - 1 as position,
             dense_rank() over (partition by ${samples.productId}, ${samples.defectId} order by ${scene}) as scene
      from ${samples} where ${chosen}
      order by position limit ${most + 1}
    ), recorded as (
      insert into export_sample (tenant_id, export_id, position, sample_id, held_out)
      select ${tenantId}::uuid, ${exportId}::uuid, position, id,
             scene <= round(max(scene) over (partition by product, defect) * ${heldOutFraction}::float8)
      from chosen
      returning 1
    )
    select count(*) as n from recorded
  `);
  const n = Number(counted[0]?.n ?? 0);
  if (n === 0) throw noSamples();
  if (n > most)
    throw badInput('input.filter', `more than ${String(most)} samples match, which is the most of one export`);
  return n;
}

function noSamples(): ServiceError {
  return badInput('input.filter', 'no sample with a defect matches, so there is nothing to export');
}
