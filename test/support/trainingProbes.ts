/** Where a caller can name a training, or what it begins with, and how that is tried with another tenant's (isolation.test.ts). */
import type { Probe } from './probeKinds.js';
import { NOBODYS, byId } from './probeKinds.js';

const started = (input: string): string =>
  `mutation { startTraining(input: [{ name: "tried", version: "1.0.0", minutes: 1, ${input} }]) { id } }`;
const ended = (how: string): Probe =>
  byId(`mutation { ${how}Training(id: $x) { id model { id } } }`, ({ training }) => training);

export const TRAINING_PROBES: Readonly<Record<string, Probe>> = {
  'Query.training(id)': byId('{ training(id: $x) { id imageGrids { image { url } } } }', ({ training }) => training),
  'Subscription.trainingEvents(id)': byId(
    'subscription { trainingEvents(id: $x) { ... on TrainingQueued { seq training { id } } } }',
    ({ training }) => training,
  ),
  'Mutation.cancelTraining(id)': ended('cancel'),
  'Mutation.publishTraining(id)': ended('publish'),
  'Mutation.discardTraining(id)': ended('discard'),
  'Mutation.startTraining(input.dataSetId)': byId(started('dataSetId: $x'), ({ dataSet }) => dataSet),
  // The owner's key is free for others, whose request then fails for what it names.
  'Mutation.startTraining(input.idempotencyKey)': {
    document: started(`dataSetId: "${NOBODYS}", idempotencyKey: $x`),
    type: 'String!',
    theirs: () => 'the key of the owner',
    nobodys: 'nobodys',
    code: 'NOT_FOUND',
  },
};
