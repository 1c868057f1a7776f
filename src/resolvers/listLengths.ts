/**
 * How many items a field can return, by what the query says. http/queryLimits.ts prices queries by it, and the schema of
 * a subgraph declares it as `@listSize` and `@cost`.
 */
import { SAMPLE_MEASURES } from '../generations/samples/sampleMeasures.js';
import { MAX_REVIEWS } from '../generations/samples/reviews.js';
import { MAX_PREVIEWS } from '../generations/events/generationEvents.js';
import { MAX_PRODUCT_DEFECTS } from '../catalog/productDefects.js';
import { MAX_DATA_SET_FINDINGS } from '../dataSets/findings.js';
import { MAX_IMAGE_GRIDS } from '../trainings/trainingEvents.js';
import { MAX_WINDOWS } from '../trainings/trainingInput.js';
import { VOCABULARY_LIMITS } from '../models/boundedManifest.js';

/** Entities that a router can ask for at once. */
export const MAX_ENTITIES = 100;

/** The models of a tenant, by default (MAX_MODELS_PER_TENANT). */
const USUAL_MODELS = 20;

/** Of a training, and rows of an image grid. A training may have VOCABULARY_LIMITS.pairs. */
const USUAL_PAIRS = 100;
const USUAL_PRODUCTS = 20;
const USUAL_ROWS = 10;

/** Lists without pages whose length depends on the data. Everything below is counted once per item. */
export const LIST_LENGTHS: Readonly<Record<string, number>> = {
  'DataSet.findings': MAX_DATA_SET_FINDINGS,
  'GenerationProgressed.previews': MAX_PREVIEWS,
  'Product.defects': MAX_PRODUCT_DEFECTS,
  'ReviewSamplesPayload.samples': MAX_REVIEWS,
  'ReviewSamplesPayload.conflicts': MAX_REVIEWS,
  'SampleStatistics.histograms': Object.keys(SAMPLE_MEASURES).length,
  'Training.imageGrids': MAX_IMAGE_GRIDS,
  'TrainingImageGrid.pairs': USUAL_ROWS,
  'TrainingOptions.windows': MAX_WINDOWS,
  'TrainingVerdict.detectors': USUAL_PRODUCTS,
  'TrainingVerdict.outOfTime': USUAL_PAIRS,
  'TrainingVerdict.pairs': USUAL_PAIRS,
  'TrainingVerdict.withoutDetectors': USUAL_PRODUCTS,
  'TrainingVerdict.withoutNormal': USUAL_PAIRS,
  'Vocabulary.pairs': VOCABULARY_LIMITS.pairs,
  'Query._entities': MAX_ENTITIES,
  'Query.modelAliases': USUAL_MODELS,
  'Query.models': USUAL_MODELS,
};

/** In objects, of a `totalCount`. The database then reads up to MAX_COUNT rows of an index. */
const TOTAL_COST = 400;
/** In objects, of a field of `sampleStatistics`: up to MAX_COUNTED_SAMPLES rows, or fewer in ten times the time. */
const STATISTICS_COST = 4_000;
const STATISTICS: ReadonlySet<string> = new Set(['count', 'complete', 'reviews', 'histograms']);

/** What counting rows for the field costs, in objects; 0 if it counts none. */
export function countCost(typeName: string, field: string): number {
  if (typeName === 'SampleStatistics') return STATISTICS.has(field) ? STATISTICS_COST : 0;
  return field === 'totalCount' && isPage(typeName) ? TOTAL_COST : 0;
}

/** Whether a type is a page, of which `first` gives the length. */
export function isPage(typeName: string): boolean {
  return typeName.endsWith('Connection');
}
