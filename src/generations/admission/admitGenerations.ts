/**
 * Takes a list of requests whole or not at all. All items of one GraphQL operation come here together and become
 * one multi-row insert; an accepted row is the queue's entry, so what was answered is what will be done.
 * An idempotency key belongs to its first request for ever: the same wish gets the same generation back.
 */
import { inArray, sql } from 'drizzle-orm';
import { catalogOf } from '../../catalog/catalog.js';
import type { ModelRegistry } from '../../catalog/modelRegistry.js';
import { requireActive, unknownDefect, unknownProduct } from '../../catalog/catalogErrors.js';
import type { Limits } from '../../config.js';
import { ServiceError, badInput, quote } from '../../errors.js';
import { inpaintingSteps } from '../../inference/index.js';
import type { Database } from '../../storage/database.js';
import type { Log } from '../../log.js';
import { inSpan, currentTraceparent } from '../../observability/tracing.js';
import { notify } from '../../storage/database.js';
import { newId } from '../../storage/identifiers.js';
import type { PhotographSettings } from '../../storage/jsonColumns.js';
import { denoisingStrengthOf } from '../../storage/jsonColumns.js';
import type { DefectRow, GenerationRow, ProductRow } from '../../storage/tables.js';
import { events, generations } from '../../storage/tables.js';
import type { TenantScope } from '../../storage/tenantScope.js';
import { GENERATION_CHANNEL, QUEUED_SIGNAL } from '../events/generationEvents.js';
import { requireQuota } from '../../tenants/quotas.js';
import type { QueuePosition } from './queueCapacity.js';
import { queuePositions, readQueueLoad, requireCapacity } from './queueCapacity.js';
import { requireOneName, underOriginalNames } from './deprecatedNames.js';
import { resolvePhotograph } from './resolvePhotograph.js';
import { loadInputImages } from './inputImages.js';
import type { GenerationInput, ResolvedRequest } from './resolveRequest.js';
import { validateTexts, inputHash, resolveRequest } from './resolveRequest.js';

/** Admissions of all processes take turns, so that the bound of the queue holds exactly. */
const ADMISSION_LOCK = 4_711_003;
const NO_DEVICE_RETRY_MS = 60_000;

export interface AdmissionContext {
  readonly models: ModelRegistry;
  readonly limits: Limits;
  /** Whether anything can be drawn at all. */
  readonly canGenerate: (database: Database) => Promise<boolean>;
  readonly log: Log;
}

interface AdmissionItem {
  readonly input: GenerationInput;
  readonly at: string;
  readonly hash: string;
}

/** Gives the generations in the order of the inputs. */
export function admitGenerations(
  tenant: TenantScope,
  rules: AdmissionContext,
  inputs: readonly GenerationInput[],
): Promise<readonly GenerationRow[]> {
  const attributes = { 'defectdiffu.items': inputs.length };
  return inSpan('admit', { attributes }, () => admitAll(tenant, rules, inputs));
}

async function admitAll(
  tenant: TenantScope,
  rules: AdmissionContext,
  inputs: readonly GenerationInput[],
): Promise<readonly GenerationRow[]> {
  const most = rules.limits.generationsPerRequest;
  if (inputs.length > most) throw badInput('input', `${String(inputs.length)} items are more than ${String(most)}`);
  const items = inputs.map((input, i) => ({
    input,
    at: `input[${String(i)}]`,
    hash: inputHash(underOriginalNames(input)),
  }));
  for (const { input, at } of items) {
    validateTexts(input, at);
    requireOneName(input, at);
  }

  return tenant.transaction(async (scope) => {
    await scope.database.execute(sql`select pg_advisory_xact_lock(${sql.raw(String(ADMISSION_LOCK))})`);
    const known = await byIdempotencyKey(scope, items);
    const fresh = items.filter((item) => isNew(item, items, known));
    const inserted = await insert(scope, await resolveAll(scope, rules, fresh), rules);
    return items.map((item) => {
      const row = inserted.get(firstOfKey(item, items)) ?? known.get(item.input.idempotencyKey ?? '');
      if (row === undefined) throw new Error(`${item.at} was neither found nor inserted`);
      return row;
    });
  });
}

/** Of the items that share a key, the first stands for all; an item without a key stands for itself. */
function firstOfKey(item: AdmissionItem, items: readonly AdmissionItem[]): AdmissionItem {
  const key = item.input.idempotencyKey;
  return (key == null ? undefined : items.find((other) => other.input.idempotencyKey === key)) ?? item;
}

/** Throws when the item's key stands for another wish. */
function isNew(
  item: AdmissionItem,
  items: readonly AdmissionItem[],
  known: ReadonlyMap<string, GenerationRow>,
): boolean {
  const key = item.input.idempotencyKey;
  if (key == null) return true;
  const row = known.get(key);
  const first = firstOfKey(item, items);
  if ((row?.inputHash ?? first.hash) !== item.hash) throw conflict(item.at, key, row);
  return row === undefined && first === item;
}

async function byIdempotencyKey(
  scope: TenantScope,
  items: readonly AdmissionItem[],
): Promise<Map<string, GenerationRow>> {
  const keys = items.flatMap(({ input }) => (input.idempotencyKey == null ? [] : [input.idempotencyKey]));
  if (keys.length === 0) return new Map();
  const found = await scope.database
    .select()
    .from(generations)
    .where(scope.rows(generations, inArray(generations.idempotencyKey, keys)));
  return new Map(found.map((row) => [row.idempotencyKey ?? '', row]));
}

function conflict(at: string, key: string, row: GenerationRow | undefined): ServiceError {
  const earlier = row === undefined ? 'another item of this list' : `generation ${row.id}`;
  return new ServiceError(
    'IDEMPOTENCY_CONFLICT',
    `${at}.idempotencyKey: ${quote(key)} was used for ${earlier} with other input; use a new key for a new request`,
    { field: `${at}.idempotencyKey`, ...(row === undefined ? {} : { generationId: row.id }) },
  );
}

interface ResolvedItem {
  readonly item: AdmissionItem;
  readonly request: ResolvedRequest;
  readonly product: ProductRow;
  readonly defect: DefectRow;
  readonly coverage: 'TRAINED' | 'ZERO_SHOT';
  readonly photograph: PhotographSettings | null;
  readonly pixelSteps: number;
}

async function resolveAll(
  scope: TenantScope,
  rules: AdmissionContext,
  items: readonly AdmissionItem[],
): Promise<ResolvedItem[]> {
  const catalog = catalogOf(scope);
  const products = await catalog.productsByPartNumber([...new Set(items.map(({ input }) => input.partNumber))]);
  const defects = await catalog.defectsByCode([...new Set(items.map(({ input }) => input.defectCode))]);
  const known = items.map(({ input }) => ({
    product: products.find((row) => row.partNumber === input.partNumber),
    defect: defects.find((row) => row.code === input.defectCode),
  }));
  const pictures = await loadInputImages(
    scope,
    items.map(({ input }, i) => ({ input, productId: known[i]?.product?.id ?? '' })),
  );
  const resolved: ResolvedItem[] = [];
  for (const [i, item] of items.entries()) {
    const { input, at } = item;
    const { product, defect } = known[i] ?? {};
    if (product === undefined) throw await unknownProduct(catalog, input.partNumber, `${at}.partNumber`);
    if (defect === undefined) throw await unknownDefect(catalog, input.defectCode, `${at}.defectCode`);
    requireActive(product, defect, at);
    const bundle = findModel(rules.models, input.model, at);
    const coverage = rules.models.coverage(bundle, product.promptName, defect.promptName);
    if (coverage === 'UNSUPPORTED') throw unsupported(product, defect, bundle.id, at);
    const pair = `${product.promptName}/${defect.promptName}`;
    const order = resolveRequest(input, { bundle, pair, coverage, limits: rules.limits }, at);
    const { seed, steps, sweep, sampler } = order.settings;
    const stepsAt = (strength: number): number => inpaintingSteps(sampler, bundle.manifest.schedule, steps, strength);
    const rows = order.count / (sweep?.length ?? 1);
    const size = bundle.manifest.image;
    const photograph = resolvePhotograph(pictures, { input, product, rows, seed, size, stepsAt, at });
    const ofTwin =
      order.settings.twin === true ? steps : photograph?.onTwin === true ? stepsAt(denoisingStrengthOf(photograph)) : 0;
    const pixelSteps = size.width * size.height * (steps + ofTwin) * order.count;
    resolved.push({ item, product, defect, coverage, request: order, photograph, pixelSteps });
  }
  return resolved;
}

function findModel(
  models: ModelRegistry,
  model: string | null | undefined,
  at: string,
): ReturnType<ModelRegistry['find']> {
  try {
    return models.find(model);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    throw new ServiceError(error.code, `${at}.${error.message}`, { ...error.extensions, field: `${at}.model` });
  }
}

function unsupported(product: ProductRow, defect: DefectRow, model: string, at: string): ServiceError {
  return new ServiceError(
    'UNSUPPORTED_PAIR',
    `${at}: model ${model} cannot draw ${quote(defect.promptName)} on ${quote(product.promptName)}: ` +
      'one of the two words is not in its vocabulary (see models { vocabulary })',
    { field: at },
  );
}

async function insert(
  scope: TenantScope,
  resolved: readonly ResolvedItem[],
  { limits, canGenerate: canDraw, log }: AdmissionContext,
): Promise<Map<AdmissionItem, GenerationRow>> {
  if (resolved.length === 0) return new Map();
  if (!(await canDraw(scope.database))) throw unavailable();
  const requested = {
    generations: resolved.length,
    samples: resolved.reduce((sum, { request: order }) => sum + order.count, 0),
    pixelSteps: resolved.reduce((sum, { pixelSteps }) => sum + pixelSteps, 0),
  };
  await requireQuota(scope, requested, limits.tenant);
  const queue = await scope.acrossTenants(() => readQueueLoad(scope.database));
  requireCapacity(queue, requested.samples, limits.queuedSamples);
  const at = new Date();
  const traceparent = currentTraceparent();
  const values = resolved.map(({ item, request: order, product, defect, coverage, photograph, pixelSteps }) =>
    scope.own({
      id: newId(),
      productId: product.id,
      defectId: defect.id,
      status: 'QUEUED' as const,
      settings: { ...order.settings, product: product.promptName, defect: defect.promptName, coverage, photograph },
      count: order.count,
      priority: order.priority,
      pixelSteps,
      samplesDone: 0,
      stepsDone: 0,
      lastSeq: 1,
      attempts: 0,
      idempotencyKey: order.idempotencyKey,
      inputHash: item.hash,
      createdAt: at,
      traceparent,
    }),
  );
  const rows = await scope.database.insert(generations).values(values).returning();
  const places = queuePositions(queue, values);
  await scope.database.insert(events).values(
    values.map(({ id: generationId }, i) => {
      const payload = { type: 'GenerationQueued', ...(places[i] as QueuePosition) } as const;
      return scope.own({ generationId, seq: 1, payload, at });
    }),
  );
  await notify(scope.database, GENERATION_CHANNEL, QUEUED_SIGNAL);
  log.info({ tenant: scope.tenantId, generations: rows.map(({ id }) => id) }, 'generations accepted');
  const byId = new Map(rows.map((row) => [row.id, row]));
  return new Map(resolved.map(({ item }, i) => [item, byId.get(values[i]?.id ?? '') as GenerationRow]));
}

function unavailable(): ServiceError {
  return new ServiceError(
    'DEVICE_UNAVAILABLE',
    'No device of the service can draw: all have been given up (see serverInfo { devices }); nothing was accepted, try again after a restart',
    { retryAfterMs: NO_DEVICE_RETRY_MS },
  );
}
