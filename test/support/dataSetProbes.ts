/** Where a caller can name a data set, or what it is made of, and how that is tried with another tenant's (isolation.test.ts). */
import type { Probe } from './probeKinds.js';
import { byCode, byId } from './probeKinds.js';

const created = (input: string): string =>
  `mutation { createDataSet(input: { name: "tried", ${input} }) { id version members { edges { node { position } } } } }`;
/** What the filter lets through is nothing, of which no data set is made. */
const accepted = (filter: string): string => created(`acceptedSamples: { ${filter} }`);
const NOTHING = 'BAD_USER_INPUT';

export const DATA_SET_PROBES: Readonly<Record<string, Probe>> = {
  'Query.dataSet(id)': byId('{ dataSet(id: $x) { id members { edges { node { position } } } } }', (own) => own.dataSet),
  'Mutation.deleteDataSet(id)': byId('mutation { deleteDataSet(id: $x) { id } }', (own) => own.dataSet),
  'Mutation.createDataSet(input.referenceIds)': byId(created('referenceIds: [$x]'), ({ reference }) => reference),
  'Mutation.createDataSet(input.testReferenceIds)': byId(
    created('partNumbers: ["OWN"], testReferenceIds: [$x]'),
    ({ reference }) => reference,
  ),
  'Mutation.createDataSet(input.sampleIds)': byId(created('sampleIds: [$x]'), ({ sample }) => sample),
  'Mutation.createDataSet(input.partNumbers)': byCode(created('partNumbers: [$x]'), 'FABRIC', 'UNKNOWN_PRODUCT'),
  'Mutation.createDataSet(input.acceptedSamples.generationId)': {
    ...byId(accepted('generationId: $x'), ({ generation }) => generation),
    code: NOTHING,
  },
  'Mutation.createDataSet(input.acceptedSamples.referenceId)': {
    ...byId(accepted('referenceId: $x'), ({ reference }) => reference),
    code: NOTHING,
  },
  'Mutation.createDataSet(input.acceptedSamples.defectReferenceId)': {
    ...byId(accepted('defectReferenceId: $x'), ({ donor }) => donor),
    code: NOTHING,
  },
  'Mutation.createDataSet(input.acceptedSamples.partNumber)': byCode(accepted('partNumber: $x'), 'FABRIC', NOTHING),
  'Mutation.createDataSet(input.acceptedSamples.defectCode)': byCode(accepted('defectCode: $x'), 'HOLE', NOTHING),
  'Mutation.createDataSet(input.idempotencyKey)': {
    document: created('partNumbers: ["OWN"], idempotencyKey: $x'),
    type: 'String!',
    theirs: () => 'the key of the owner',
  },
};
