/**
 * One set of DataLoaders per request. Look-ups that resolvers of one operation make at the same time become one query,
 * and the generations that they request become one admission.
 */
import DataLoader from 'dataloader';
import type { Catalog } from '../catalog/catalog.js';
import type { DefectOfProduct, ProductDefectsQuery } from '../catalog/productDefects.js';
import { productDefects } from '../catalog/productDefects.js';
import type { Exports } from '../exports/exportRepository.js';
import type { AdmissionContext } from '../generations/admission/admitGenerations.js';
import { admitGenerations } from '../generations/admission/admitGenerations.js';
import type { Attempts } from '../generations/attempts.js';
import type { Generations } from '../generations/generationRepository.js';
import type { GenerationInput } from '../generations/admission/generationInput.js';
import type { RejectedSamples } from '../generations/samples/rejectedSamples.js';
import type { Parent, SampleConditions, Samples } from '../generations/samples/sampleRepository.js';
import type { Masks } from '../references/masks.js';
import type { ReferenceConditions, References } from '../references/references.js';
import type { Page, PageRequest } from '../storage/pagination.js';
import { coalesceRead } from '../storage/readCoalescing.js';
import type {
  ArtifactRow,
  AttemptRow,
  DefectRow,
  ExportRow,
  GenerationRow,
  ProductRow,
  ReferenceRow,
  RegionMaskRow,
  SampleRow,
  WebhookDeliveryRow,
} from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import type { Deliveries } from '../webhooks/deliveryRepository.js';
import type { BatchSchedule } from './batchSchedule.js';

interface PageUnder {
  readonly id: string;
  readonly request: PageRequest;
}

export interface SamplesUnder extends PageUnder {
  readonly parent: Parent;
  readonly conditions: SampleConditions;
}

export interface ReferencesUnder extends PageUnder {
  readonly conditions: ReferenceConditions;
}

export interface Loaders {
  readonly product: DataLoader<string, ProductRow>;
  readonly defect: DataLoader<string, DefectRow>;
  readonly productDefects: DataLoader<ProductDefectsQuery, Page<DefectOfProduct>>;
  readonly export: DataLoader<string, ExportRow>;
  readonly generation: DataLoader<string, GenerationRow>;
  readonly sample: DataLoader<string, SampleRow>;
  readonly artifact: DataLoader<string, ArtifactRow>;
  /** How many samples of a generation were rejected. */
  readonly rejected: DataLoader<string, number>;
  readonly attempts: DataLoader<string, readonly AttemptRow[]>;
  readonly reference: DataLoader<string, ReferenceRow>;
  readonly mask: DataLoader<string, RegionMaskRow>;
  readonly samplesUnder: DataLoader<SamplesUnder, Page<SampleRow>>;
  readonly referencesUnder: DataLoader<ReferencesUnder, Page<ReferenceRow>>;
  readonly deliveriesUnder: DataLoader<PageUnder, Page<WebhookDeliveryRow>>;
  readonly admission: DataLoader<GenerationInput, GenerationRow>;
}

interface Repositories {
  readonly catalog: Catalog;
  readonly generations: Generations;
  readonly rejections: RejectedSamples;
  readonly attempts: Attempts;
  readonly samples: Samples;
  readonly references: References;
  readonly masks: Masks;
  readonly deliveries: Deliveries;
  readonly exports: Exports;
}

export function createLoaders(
  scope: TenantScope,
  repositories: Repositories,
  rules: AdmissionContext,
  { dispatch: batchScheduleFn }: BatchSchedule,
): Loaders {
  const { catalog, generations, rejections, attempts, samples, references, masks, deliveries, exports } = repositories;
  return {
    product: byKey(
      batchScheduleFn,
      (ids) => catalog.productsById(ids),
      (row) => row.id,
    ),
    defect: byKey(
      batchScheduleFn,
      (ids) => catalog.defectsById(ids),
      (row) => row.id,
    ),
    productDefects: new DataLoader<ProductDefectsQuery, Page<DefectOfProduct>>(
      async (queries) => productDefects(await catalog.activeDefects(), rules.models, queries),
      {
        cache: false,
        batchScheduleFn,
      },
    ),
    export: byKey(
      batchScheduleFn,
      (ids) => exports.byIds(ids),
      (row) => row.id,
    ),
    generation: byKey(
      batchScheduleFn,
      (ids) => generations.byId(ids),
      (row) => row.id,
    ),
    sample: byKey(
      batchScheduleFn,
      // Every subscriber of an event reads the same sample and artifacts at the same moment.
      (ids) => coalesceRead(scope, `samples/${ids.join()}`, () => samples.byId(ids)),
      (row) => row.id,
    ),
    artifact: byKey(
      batchScheduleFn,
      (keys) => coalesceRead(scope, `artifacts/${keys.join()}`, () => samples.artifacts(keys)),
      (row) => row.key,
    ),
    rejected: new DataLoader(
      async (ids) => {
        const counts = await rejections.countsByGeneration(ids);
        return ids.map((id) => counts.get(id) ?? 0);
      },
      { batchScheduleFn },
    ),
    attempts: new DataLoader(
      async (ids) => {
        const found = Map.groupBy(await attempts.of(ids), ({ generationId }) => generationId);
        return ids.map((id) => found.get(id) ?? []);
      },
      { batchScheduleFn },
    ),
    reference: byKey(
      batchScheduleFn,
      (ids) => references.byIds(ids),
      (row) => row.id,
    ),
    mask: byKey(
      batchScheduleFn,
      (ids) => masks.byIds(ids),
      (row) => row.id,
    ),
    samplesUnder: pagesUnder(batchScheduleFn, ({ parent, request, conditions }, ids) =>
      samples.pagesUnder(parent, ids, request, conditions),
    ),
    referencesUnder: pagesUnder(batchScheduleFn, ({ request, conditions }, ids) =>
      references.pagesOfProducts(ids, request, conditions),
    ),
    deliveriesUnder: pagesUnder(batchScheduleFn, ({ request }, ids) => deliveries.pagesOfWebhooks(ids, request)),
    // Writes are never cached: two equal items are two generations.
    admission: new DataLoader((inputs) => admitGenerations(scope, rules, inputs), { cache: false, batchScheduleFn }),
  };
}

function byKey<T>(
  batchScheduleFn: BatchSchedule['dispatch'],
  load: (keys: readonly string[]) => Promise<readonly T[]>,
  keyOf: (row: T) => string,
) {
  return new DataLoader<string, T>(
    async (keys) => {
      const rows = new Map((await load(keys)).map((row) => [keyOf(row), row]));
      return keys.map((key) => rows.get(key) ?? new Error(`row ${key} is gone`));
    },
    { batchScheduleFn },
  );
}

/** One query for each distinct page. Siblings request the same page of different parents. */
function pagesUnder<W extends PageUnder, T>(
  batchScheduleFn: BatchSchedule['dispatch'],
  load: (page: Omit<W, 'id'>, ids: readonly string[]) => Promise<ReadonlyMap<string, Page<T>>>,
): DataLoader<W, Page<T>> {
  return new DataLoader<W, Page<T>>(
    async (pages) => {
      const groups = Map.groupBy(pages, ({ id: _, ...page }) => JSON.stringify(page));
      const loaded = new Map<W, Page<T>>();
      for (const group of groups.values()) {
        const [one] = group;
        if (one === undefined) continue;
        const found = await load(one, [...new Set(group.map(({ id }) => id))]);
        for (const page of group) loaded.set(page, found.get(page.id) ?? { rows: [], hasNextPage: false });
      }
      return pages.map((page) => loaded.get(page) ?? { rows: [], hasNextPage: false });
    },
    { cache: false, batchScheduleFn },
  );
}
