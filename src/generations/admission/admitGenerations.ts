/**
 * Accepts a list of requests as a whole or not at all. All items of one GraphQL operation arrive together and become one multi-row
 * insert. An accepted row is the entry in the queue, so whatever was acknowledged will be generated.
 */
import { catalogOf } from '../../catalog/catalog.js';
import { requireActive, unknownDefect, unknownProduct } from '../../catalog/catalogErrors.js';
import { withCanonicalCodes } from '../../catalog/codes.js';
import type { ModelRegistry } from '../../catalog/modelRegistry.js';
import type { Limits } from '../../config.js';
import { ServiceError, quote } from '../../errors.js';
import { inpaintingSteps } from '../../inference/index.js';
import type { Log } from '../../log.js';
import { outOfRange } from '../../range.js';
import { modelsNamed } from '../../models/tenantRegistry.js';
import { inSpan, currentTraceparent } from '../../observability/tracing.js';
import type { AdmissionItem } from '../../queue/idempotentAdmission.js';
import { admitOnce, inputHash } from '../../queue/idempotentAdmission.js';
import type { Database } from '../../storage/database.js';
import { notify } from '../../storage/database.js';
import { newId } from '../../storage/identifiers.js';
import type { GenerationSettings } from '../../storage/jsonColumns.js';
import { denoisingStrengthOf } from '../../storage/jsonColumns.js';
import type { DefectRow, GenerationRow, ProductRow } from '../../storage/tables.js';
import { events, generations } from '../../storage/tables.js';
import type { TenantScope } from '../../storage/tenantScope.js';
import { requireQuota } from '../../tenants/quotas.js';
import { QUEUED_SIGNAL } from '../../queue/signals.js';
import { GENERATION_CHANNEL } from '../events/generationEvents.js';
import { requireOneName, underOriginalNames } from './deprecatedNames.js';
import type { GenerationInput } from './generationInput.js';
import { loadInputImages } from './inputImages.js';
import type { QueuePosition } from './queueCapacity.js';
import { queuePositions, readQueueLoad, requireCapacity } from './queueCapacity.js';
import { resolvePhotograph } from './resolvePhotograph.js';
import { resolveHarmonizing } from './resolveTransplant.js';
import type { ResolvedRequest } from './resolveRequest.js';
import { resolveRequest, validateTexts } from './resolveRequest.js';

const NO_DEVICE_RETRY_MS = 60_000;

export interface AdmissionContext {
  /** Those of the operator. */
  readonly models: ModelRegistry;
  readonly limits: Limits;
  /** Whether any live worker has a device that has not failed. */
  readonly canGenerate: (database: Database) => Promise<boolean>;
  readonly log: Log;
}

export type GenerationItem = AdmissionItem<GenerationInput>;

/** Returns the generations in the order of the inputs. */
export function admitGenerations(
  tenant: TenantScope,
  context: AdmissionContext,
  inputs: readonly GenerationInput[],
): Promise<readonly GenerationRow[]> {
  return inSpan('admit', { attributes: { 'defectdiffu.items': inputs.length } }, async () => {
    const items = inputs.map((input, i) => {
      const hash = inputHash(underOriginalNames(input));
      return { input, field: `input[${String(i)}]`, hash };
    });
    return admitItems(tenant, context, items);
  });
}

/** In the order of the items. */
export async function admitItems(
  tenant: TenantScope,
  context: AdmissionContext,
  given: readonly GenerationItem[],
): Promise<readonly GenerationRow[]> {
  const items = given.map((item) => ({ ...item, input: withCanonicalCodes(item.input) }));
  const most = context.limits.generationsPerRequest;
  if (items.length > most) {
    const problem = `${String(items.length)} items are more than ${String(most)}`;
    throw outOfRange('input', problem, { min: 1, max: most, value: items.length });
  }
  for (const { input, field } of items) {
    validateTexts(input, field);
    requireOneName(input, field);
  }
  const insertItems = async (scope: TenantScope, fresh: readonly GenerationItem[]): Promise<readonly GenerationRow[]> =>
    insert(scope, await resolve(scope, context, fresh), context);
  // One admission at a time over all processes, so that the bound of the queue holds exactly.
  const lock = 'generationAdmission';
  return admitOnce(tenant, { noun: 'generation', table: generations, lock, insert: insertItems }, items);
}

interface ResolvedItem {
  readonly item: GenerationItem;
  readonly request: ResolvedRequest;
  readonly product: ProductRow;
  readonly defect: DefectRow;
  readonly settings: GenerationSettings;
  readonly pixelSteps: number;
}

async function resolve(
  scope: TenantScope,
  { models: operators, limits }: AdmissionContext,
  items: readonly GenerationItem[],
): Promise<ResolvedItem[]> {
  const catalog = catalogOf(scope);
  const products = await catalog.productsByPartNumber([...new Set(items.map(({ input }) => input.partNumber))]);
  const defects = await catalog.defectsByCode([...new Set(items.map(({ input }) => input.defectCode))]);
  const known = items.map(({ input }) => ({
    product: products.find((row) => row.partNumber === input.partNumber),
    defect: defects.find((row) => row.code === input.defectCode),
  }));
  const images = await loadInputImages(
    scope,
    items.map(({ input }, i) => ({
      input,
      productId: known[i]?.product?.id ?? '',
      defectId: known[i]?.defect?.id ?? '',
    })),
  );
  const models = await modelsNamed(
    scope,
    operators,
    items.map(({ input }) => input.model),
  );
  const resolved: ResolvedItem[] = [];
  for (const [i, item] of items.entries()) {
    const { input, field: at } = item;
    const { product, defect } = known[i] ?? {};
    if (product === undefined) throw await unknownProduct(catalog, input.partNumber, `${at}.partNumber`);
    if (defect === undefined) throw await unknownDefect(catalog, input.defectCode, `${at}.defectCode`);
    requireActive(product, defect, at);
    const bundle = findModel(models, input.model, at);
    const coverage = models.coverage(bundle, product.promptName, defect.promptName);
    const harmonizing = resolveHarmonizing(input, bundle, coverage, at);
    if (coverage === 'UNSUPPORTED' && harmonizing === undefined) throw unsupported(product, defect, bundle.id, at);
    const pair = `${product.promptName}/${defect.promptName}`;
    const request = resolveRequest(input, { bundle, pair, coverage, harmonizing, limits }, at);
    const { seed, steps, sweep, sampler } = request.settings;
    const stepsAt = (strength: number): number => inpaintingSteps(sampler, bundle.manifest.schedule, steps, strength);
    const rows = request.count / (sweep?.length ?? 1);
    const size = bundle.manifest.image;
    const context = { input, product, defect, harmonizing, rows, seed, size, stepsAt, at };
    const photograph = resolvePhotograph(images, context);
    const twinSteps =
      request.settings.twin === true
        ? steps
        : photograph?.onTwin === true
          ? stepsAt(denoisingStrengthOf(photograph))
          : 0;
    const pixelSteps = size.width * size.height * (steps + twinSteps) * request.count;
    const own = models.ownModel(bundle);
    const settings = {
      ...request.settings,
      product: product.promptName,
      defect: defect.promptName,
      coverage,
      photograph,
      ...(own === undefined ? {} : { tenantModel: { id: own.id, base: own.base } }),
    };
    resolved.push({ item, product, defect, request, settings, pixelSteps });
  }
  return resolved;
}

function findModel(models: ModelRegistry, model: string | null | undefined, at: string) {
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
      'one of the two words is not in its vocabulary (see models { vocabulary }); a defectReference needs no model',
    { field: at },
  );
}

async function insert(
  scope: TenantScope,
  resolved: readonly ResolvedItem[],
  { limits, canGenerate, log }: AdmissionContext,
): Promise<readonly GenerationRow[]> {
  if (!(await canGenerate(scope.database))) throw unavailable();
  const demand = {
    generations: resolved.length,
    samples: resolved.reduce((sum, { request }) => sum + request.count, 0),
    pixelSteps: resolved.reduce((sum, { pixelSteps }) => sum + pixelSteps, 0),
  };
  await requireQuota(scope, demand, limits.tenant);
  const load = await scope.acrossTenants(() => readQueueLoad(scope.database));
  requireCapacity(load, scope.tenantId, demand.samples, limits.queuedSamples);
  const at = new Date();
  const traceparent = currentTraceparent();
  const values = resolved.map(({ item, request, product, defect, pixelSteps, settings }) =>
    scope.own({
      id: newId(),
      productId: product.id,
      defectId: defect.id,
      status: 'QUEUED' as const,
      settings,
      count: request.count,
      priority: request.priority,
      pixelSteps,
      samplesDone: 0,
      stepsDone: 0,
      lastSeq: 1,
      attempts: 0,
      idempotencyKey: request.idempotencyKey,
      createdBy: scope.createdBy,
      inputHash: item.hash,
      createdAt: at,
      traceparent,
    }),
  );
  const rows = await scope.database.insert(generations).values(values).returning();
  const positions = queuePositions(load, values);
  await scope.database.insert(events).values(
    values.map(({ id: generationId }, i) => {
      const payload = { type: 'GenerationQueued', ...(positions[i] as QueuePosition) } as const;
      return scope.own({ generationId, seq: 1, payload, at });
    }),
  );
  await notify(scope.database, GENERATION_CHANNEL, QUEUED_SIGNAL);
  log.info({ tenant: scope.tenantId, generations: rows.map(({ id }) => id) }, 'generations accepted');
  const byId = new Map(rows.map((row) => [row.id, row]));
  return values.map(({ id }) => byId.get(id) as GenerationRow);
}

function unavailable(): ServiceError {
  return new ServiceError(
    'DEVICE_UNAVAILABLE',
    'No device of the service can draw: all have been given up (see serverInfo { devices }); nothing was accepted, try again after a restart',
    { retryAfterMs: NO_DEVICE_RETRY_MS },
  );
}
