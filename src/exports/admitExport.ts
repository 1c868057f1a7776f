/**
 * Accepts a request for an export. The row and the list of its samples are written in one transaction, so samples that are generated
 * later do not belong to the set. A sample with an empty mask shows no defect and is left out.
 */
import { and, count, eq, gt, inArray, sql } from '../storage/drizzle.js';
import type { Limits } from '../config.js';
import { ServiceError, badInput, joinNames, quote } from '../errors.js';
import type { SampleConditions } from '../generations/samples/sampleConditions.js';
import { canMatch, matchingSamples } from '../generations/samples/sampleConditions.js';
import { admitOnce, inputHash } from '../queue/idempotentAdmission.js';
import { notify } from '../storage/database.js';
import type { ExportSettings } from '../storage/exportJsonColumns.js';
import { newId } from '../storage/identifiers.js';
import type { ExportRow } from '../storage/tables.js';
import { defects, exports, samples } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { requireStorage } from '../tenants/quotas.js';
import { EXPORT_CHANNEL } from './claimExport.js';
import { giveLabels, tenantClasses } from './exportLabels.js';
import { subjectsOf } from './exportSubjects.js';
import { recordPhotographs } from './recordPhotographs.js';
import type { ExportInput } from './resolveExport.js';
import { resolveExport } from './resolveExport.js';

/** Per tenant. Each may take hours of reading. */
const MAX_OPEN_EXPORTS = 20;
const RETRY_AFTER_MS = 30_000;

export async function admitExport(
  tenant: TenantScope,
  limits: Limits,
  input: ExportInput,
  conditions: SampleConditions,
): Promise<ExportRow> {
  const settings = resolveExport(input);
  const insertExport = async (scope: TenantScope): Promise<readonly ExportRow[]> => {
    await requireCapacity(scope);
    await requireStorage(scope, limits.tenant);
    const row = await insert(scope, input, settings);
    const sampleCount = await recordSamples(scope, row.id, settings, limits.samplesPerExport, conditions);
    const photographCount = await recordPhotographs(scope, row.id, settings, limits);
    await giveLabels(scope, row.id);
    const classes = settings.classes ?? (await tenantClasses(scope));
    await requireClassOfEach(scope, row.id, classes, photographCount);
    const accepted = await scope.database
      .update(exports)
      .set({ sampleCount, photographCount, settings: { ...settings, classes } })
      .where(scope.rows(exports, eq(exports.id, row.id)))
      .returning();
    await notify(scope.database, EXPORT_CHANNEL, row.id);
    return accepted;
  };
  const item = { input, field: 'input', hash: inputHash(input) };
  const admission = { noun: 'export', table: exports, lock: 'exportAdmission', insert: insertExport } as const;
  const [row] = await admitOnce<ExportInput, ExportRow>(tenant, admission, [item]);
  return row as ExportRow;
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
  { database, own, createdBy }: TenantScope,
  input: ExportInput,
  settings: ExportSettings,
): Promise<ExportRow> {
  const { format, idempotencyKey = null } = input;
  const counters = { sampleCount: 0, photographCount: 0, samplesDone: 0, attempts: 0 };
  const row = { id: newId(), format, settings, status: 'QUEUED' as const, ...counters, createdAt: new Date() };
  const [inserted] = await database
    .insert(exports)
    .values(own({ ...row, createdBy, idempotencyKey, inputHash: inputHash(input) }))
    .returning();
  if (inserted === undefined) throw new Error('an inserted export was not returned');
  return inserted;
}

/**
 * Holds out the same share of each (product, defect) pair, chosen by the seed. The samples in one row of a sweep show the same scene, so
 * they stay together.
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

/** Every defect of the export must be in a class list that the caller gave. */
async function requireClassOfEach(
  scope: TenantScope,
  exportId: string,
  classes: readonly string[],
  photographs: number,
): Promise<void> {
  const { database, rows } = scope;
  const found = await database
    .select({ code: defects.code })
    .from(defects)
    .where(rows(defects, inArray(defects.id, subjectsOf(scope, exportId, 'DEFECT'))));
  const listed = new Set(classes);
  const missing = found.map(({ code }) => code).filter((code) => !listed.has(code));
  const what = photographs === 0 ? 'samples' : 'samples or photographs';
  if (missing.length > 0)
    throw badInput('input.classes', `lacks ${joinNames(missing.sort().map(quote))}, of which there are ${what}`);
}

function noSamples(): ServiceError {
  return badInput('input.filter', 'no sample with a defect matches, so there is nothing to export');
}
