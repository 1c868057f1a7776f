/**
 * One set of DataLoaders per request. Look-ups that resolvers of one operation make at the same time become one query,
 * and the generations that they request become one admission.
 */
import DataLoader from 'dataloader';
import { ServiceError, quote } from '../errors.js';
import type { Catalog } from '../catalog/catalog.js';
import type { ModelRegistry } from '../catalog/modelRegistry.js';
import type { DefectOfProduct, ProductDefectsQuery } from '../catalog/productDefects.js';
import { productDefects } from '../catalog/productDefects.js';
import type { DataSets, MemberConditions, MemberCounts } from '../dataSets/dataSetRepository.js';
import { NO_MEMBERS } from '../dataSets/dataSetRepository.js';
import type { Exports } from '../exports/exportRepository.js';
import type { AdmissionContext } from '../generations/admission/admitGenerations.js';
import { admitGenerations } from '../generations/admission/admitGenerations.js';
import type { Attempts } from '../generations/attempts.js';
import type { Generations } from '../generations/generationRepository.js';
import type { GenerationInput } from '../generations/admission/generationInput.js';
import type { RejectedSamples } from '../generations/samples/rejectedSamples.js';
import type { SampleConditions } from '../generations/samples/sampleConditions.js';
import type { Parent, Samples } from '../generations/samples/sampleRepository.js';
import { allModels, modelsNamed } from '../models/tenantRegistry.js';
import type { Masks } from '../references/masks.js';
import type { ReferenceConditions, References } from '../references/references.js';
import type { Page } from '../storage/pagination.js';
import { coalesceRead } from '../storage/readCoalescing.js';
import type {
  ArtifactRow,
  AttemptRow,
  DataSetMemberRow,
  DataSetRow,
  DefectRow,
  ExportRow,
  GenerationRow,
  ProductRow,
  ReferenceRow,
  RegionMaskRow,
  SampleRow,
  TrainingRow,
  WebhookDeliveryRow,
} from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import type { Trainings } from '../trainings/trainingRepository.js';
import type { Deliveries } from '../webhooks/deliveryRepository.js';
import type { BatchSchedule } from './batchSchedule.js';
import type { PageUnder } from './batchedLookups.js';
import { byKey, oneAtATime, pagesUnder } from './batchedLookups.js';

export interface SamplesUnder extends PageUnder {
  readonly parent: Parent;
  readonly conditions: SampleConditions;
}

export interface ReferencesUnder extends PageUnder {
  readonly conditions: ReferenceConditions;
}

interface MembersUnder extends PageUnder {
  readonly conditions: MemberConditions;
}

export interface Loaders {
  /** Read once. */
  activeDefects(): Promise<readonly DefectRow[]>;
  /** Runs one work after the other, so that a hundred counts do not take the database from others. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  readonly product: DataLoader<string, ProductRow>;
  readonly defect: DataLoader<string, DefectRow>;
  /** The models of the operator and those of the tenant. Read once. */
  allModels(): Promise<ModelRegistry>;
  /** The models of the operator, with the tenant's own of this name. */
  modelsWith(name: string | null | undefined): Promise<ModelRegistry>;
  readonly productDefects: DataLoader<ProductDefectsQuery, Page<DefectOfProduct>>;
  readonly dataSet: DataLoader<string, DataSetRow>;
  readonly training: DataLoader<string, TrainingRow>;
  readonly memberCounts: DataLoader<string, MemberCounts>;
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
  readonly membersUnder: DataLoader<MembersUnder, Page<DataSetMemberRow>>;
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
  readonly dataSets: DataSets;
  readonly trainings: Trainings;
}

export function createLoaders(
  scope: TenantScope,
  repositories: Repositories,
  rules: AdmissionContext,
  { dispatch: batchScheduleFn }: BatchSchedule,
): Loaders {
  const { catalog, generations, rejections, attempts, samples, references, masks, deliveries, exports, dataSets } =
    repositories;
  const { trainings } = repositories;
  let defectsRead: Promise<readonly DefectRow[]> | undefined;
  const activeDefects = () => (defectsRead ??= catalog.activeDefects());
  let modelsRead: Promise<ModelRegistry> | undefined;
  const ownModels = new DataLoader<string, ModelRegistry>(
    async (names) => {
      const found = await modelsNamed(scope, rules.models, names);
      return names.map(() => found);
    },
    { batchScheduleFn },
  );
  const modelsWith = (name: string | null | undefined): Promise<ModelRegistry> =>
    name == null || rules.models.has(name) ? Promise.resolve(rules.models) : ownModels.load(name);
  return {
    allModels: () => (modelsRead ??= allModels(scope, rules.models)),
    modelsWith,
    activeDefects,
    inTurn: oneAtATime(),
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
      async (queries) => {
        const models = await modelsNamed(
          scope,
          rules.models,
          queries.map(({ model }) => model),
        );
        return productDefects(await activeDefects(), models, queries);
      },
      {
        cache: false,
        batchScheduleFn,
      },
    ),
    dataSet: byKey(
      batchScheduleFn,
      (ids) => dataSets.byIds(ids),
      (row) => row.id,
    ),
    training: byKey(
      batchScheduleFn,
      (ids) => trainings.byIds(ids),
      (row) => row.id,
    ),
    memberCounts: new DataLoader(
      async (ids) => {
        const counts = await dataSets.countsOf(ids);
        return ids.map((id) => counts.get(id) ?? NO_MEMBERS);
      },
      { batchScheduleFn },
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
      (id) => new ServiceError('NOT_FOUND', `The sample ${quote(id)} was deleted.`),
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
    membersUnder: pagesUnder(batchScheduleFn, ({ request, conditions }, ids) =>
      dataSets.memberPages(ids, request, conditions),
    ),
    deliveriesUnder: pagesUnder(batchScheduleFn, ({ request }, ids) => deliveries.pagesOfWebhooks(ids, request)),
    // Writes are never cached: two equal items are two generations.
    admission: new DataLoader((inputs) => admitGenerations(scope, rules, inputs), { cache: false, batchScheduleFn }),
  };
}
