/** The API as one executable schema. */
import 'reflect-metadata';
import type { GraphQLSchema } from 'graphql';
import { buildSchemaSync } from 'type-graphql';
import { withErrorCodes } from '../schema/errorCodes.js';
import { applyOneOf } from '../schema/oneOf.js';
import { AccessResolver } from './access.js';
import { boundAnswers } from './boundedAnswers.js';
import { DefectResolver, ProductDefectResolver, ProductResolver } from './catalog.js';
import { AllEventsResolver } from './allEvents.js';
import { DataSetMemberResolver, DataSetResolver } from './dataSets.js';
import { EventResolver } from './events.js';
import { takeIdsInLowerCase } from './idsInLowerCase.js';
import { ImportResolver } from './importCatalog.js';
import { ExportResolver } from './exports.js';
import { GenerationResolver } from './generations.js';
import { RequestDefaultsResolver } from './requestDefaults.js';
import { NodeResolver } from './nodes.js';
import { checkRole } from './requiresRole.js';
import { ReferenceResolver, RegionMaskResolver } from './references.js';
import { ReviewResolver } from './reviews.js';
import { SampleResolver } from './samples.js';
import { SampleStatisticsResolver } from './sampleStatistics.js';
import { ModelAliasResolver } from './modelAliases.js';
import { ModelResolver } from './models.js';
import { ServerResolver } from './server.js';
import { toSubgraph } from './subgraph.js';
import { ThumbnailResolver } from './thumbnails.js';
import { TrainingEventResolver } from './trainingEvents.js';
import { TrainingResolver } from './trainings.js';
import { UploadResolver } from './uploads.js';
import { WebhookDeliveryResolver, WebhookResolver } from './webhooks.js';

/** @param federation as a subgraph of Apollo Federation */
export function createSchema({ federation = false } = {}): GraphQLSchema {
  const schema = buildSchemaSync({
    resolvers: [
      AccessResolver,
      ModelAliasResolver,
      ModelResolver,
      ServerResolver,
      ProductResolver,
      ProductDefectResolver,
      DefectResolver,
      ImportResolver,
      GenerationResolver,
      RequestDefaultsResolver,
      SampleResolver,
      SampleStatisticsResolver,
      ThumbnailResolver,
      ReviewResolver,
      EventResolver,
      AllEventsResolver,
      UploadResolver,
      ReferenceResolver,
      RegionMaskResolver,
      WebhookResolver,
      WebhookDeliveryResolver,
      ExportResolver,
      TrainingResolver,
      TrainingEventResolver,
      DataSetResolver,
      DataSetMemberResolver,
      NodeResolver,
    ],
    // Bounds are validated in generations/, storage/pagination.ts, references/, and validateText.ts.
    validate: false,
    authChecker: checkRole,
    // type-graphql requires a pub-sub. Ours reads rows (generations/events/), and nothing may fan out in memory.
    pubSub: { publish: refuse, subscribe: refuse },
  });
  applyOneOf(schema);
  takeIdsInLowerCase();
  const complete = withErrorCodes(schema);
  return boundAnswers(federation ? toSubgraph(complete) : complete);
}

function refuse(): never {
  throw new Error('events are rows, not messages: see generations/events/');
}
