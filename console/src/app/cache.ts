import { cacheExchange } from '@urql/exchange-graphcache';
import type { Cache } from '@urql/exchange-graphcache';
import type { Exchange } from 'urql';

export function createCache(): Exchange {
  return cacheExchange({
    keys: {
      ...Object.fromEntries(VALUES.map((name) => [name, () => null])),
      ModelAlias: ({ alias }) => String(alias),
    },
    updates: {
      Mutation: {
        generateDefects: (_result, _args, cache) => forget(cache, 'generations'),
        exportDataset: (_result, _args, cache) => forget(cache, 'exports'),
        importCatalog: (_result, _args, cache) => forget(cache, 'products', 'defects', 'aliases'),
        createApiKey: (_result, _args, cache) => forget(cache, 'apiKeys'),
        createWebhook: (_result, _args, cache) => forget(cache, 'webhooks'),
        deleteWebhook: (_result, _args, cache) => forget(cache, 'webhooks'),
        createDataSet: (_result, _args, cache) => forget(cache, 'dataSets'),
        startTraining: (_result, _args, cache) => forget(cache, 'trainings'),
        publishTraining: (_result, _args, cache) => forget(cache, 'models'),
        setModelAlias: (_result, _args, cache) => forget(cache, 'modelAliases'),
        deleteModelAlias: (_result, _args, cache) => forget(cache, 'modelAliases'),
        deleteModel: (_result, _args, cache) => forget(cache, 'models'),
        archiveReference: (_result, _args, cache) => forget(cache, 'product'),
        ...Object.fromEntries(ALONE.map((name) => [name, () => undefined])),
      },
    },
  });
}

/** Lists are read again; objects stay. */
export function forget(cache: Cache, ...fields: readonly string[]): void {
  for (const { fieldName, arguments: given } of cache.inspectFields('Query')) {
    if (fields.includes(fieldName)) cache.invalidate('Query', fieldName, given);
  }
}

/**
 * What they return changes nothing else. Without an entry here, the cache would drop every object of the type that a
 * mutation returns and no list holds: the answer about one upload was lost when the next one was created.
 */
const ALONE = ['createUpload', 'cancelGeneration'];

/** They have no id, so they live in the object that holds them. */
const VALUES = [
  ...['AllowedArea', 'Archive', 'AreaPoint', 'Artifact', 'Attempt', 'BoundingBox', 'BuiltInAlias', 'Alias'],
  ...['Caller', 'CreateApiKeyPayload', 'Device', 'EventLoopDelay'],
  ...['ExportError', 'ExportOptions', 'ExportPhotographs', 'ExportProgress'],
  ...['GenerationError', 'GenerationRequest', 'ImageSize', 'ImportCatalogPayload', 'ImportCounts', 'ImportWarning'],
  ...['License', 'LicenseSource', 'ModelDefaults', 'ModelRanges', 'PageInfo', 'PairCoverage', 'ProductDefect'],
  ...[
    'Progress',
    'Quality',
    'QuotaUse',
    'ModelRange',
    'RequestDefaults',
    'RequestedArea',
    'RequestedCutPaste',
    'RequestedDefectReference',
    'RequestedReference',
  ],
  ...['RequestedRegion', 'RunningModel', 'ScaleRange', 'Scores', 'ServerInfo', 'ServerLimits', 'StrengthRange'],
  ...['SamplePreview', 'Transplant', 'Turbo', 'Usage', 'Variation', 'Vocabulary', 'WebhookWithSecret', 'SampleReview'],
  ...['GenerationQueued', 'GenerationStarted', 'GenerationProgressed', 'SampleReady', 'GenerationSucceeded'],
  ...['GenerationFailed', 'GenerationCanceled'],
  ...[
    'DataSetCounts',
    'DataSetFinding',
    'DataSetMember',
    'DetectorGain',
    'DetectorVerdict',
    'WithoutDetectors',
    'PairVerdict',
    'TrainingError',
    'TrainingDefaults',
    'TrainingFigure',
    'TrainingImageGrid',
  ],
  ...[
    'TrainingProgress',
    'TrainingRange',
    'TrainingRanges',
    'TrainingVerdict',
    'TrainingQueued',
    'TrainingStarted',
    'TrainingProgressed',
    'TrainingNoted',
  ],
  ...['ImageGridReady', 'TrainingJudged', 'TrainingSucceeded', 'TrainingFailed', 'TrainingCanceled'],
];
