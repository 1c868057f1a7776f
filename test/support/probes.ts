/** Every place in the schema where a caller can name a thing, and how it is tried with another tenant's (isolation.test.ts). */
import type { Probe } from './probeKinds.js';
import { CURSOR_PROBES } from './cursorProbes.js';
import { DATA_SET_PROBES } from './dataSetProbes.js';
import { TRAINING_PROBES } from './trainingProbes.js';
import { byCode, byId, ofModel } from './probeKinds.js';

const listed = (field: string): string => `{ ${field} { edges { node { id } } pageInfo { endCursor } } }`;
const ofProduct = (field: string): string =>
  `{ products { edges { node { id ${field} { edges { node { id } } } } } } }`;
const ofGeneration = (field: string): string =>
  `{ generations { edges { node { id ${field} { edges { node { id } } } } } } }`;
/** What the filter lets through is nothing, of which no archive is made. */
const exported = (filter: string): string =>
  `mutation { exportDataset(input: { format: COCO, filter: { ${filter} } }) { id } }`;
const NOTHING = 'BAD_USER_INPUT';
/** Names of another tenant's things are free: one's own are made, and what the other has stays. */
const imported = (items: string, field: string, theirs: string): Probe => ({
  document: `mutation { importCatalog(input: { ${items} }) { ${field} { created updated unchanged } } }`,
  type: 'String!',
  theirs: () => theirs,
  nobodys: 'FREE',
});
const drawing = (wish: string): string =>
  `mutation { generateDefects(input: [{ partNumber: "OWN", defectCode: "OWN", ${wish} }]) { id } }`;

/** The filters of a list of samples. */
const ofSamples = (place: string, within: (field: string) => string): Readonly<Record<string, Probe>> => {
  const filtered = (name: string): string => within(`samples(filter: { ${name}: $x })`);
  return {
    [`${place}(filter.generationId)`]: byId(filtered('generationId'), ({ generation }) => generation),
    [`${place}(filter.referenceId)`]: byId(filtered('referenceId'), ({ reference }) => reference),
    [`${place}(filter.defectReferenceId)`]: byId(filtered('defectReferenceId'), ({ donor }) => donor),
    [`${place}(filter.partNumber)`]: byCode(filtered('partNumber'), 'FABRIC'),
    [`${place}(filter.defectCode)`]: byCode(filtered('defectCode'), 'HOLE'),
  };
};

/** Where a caller can name a thing: "Type.field(path of the argument)". */
export const PROBES: Readonly<Record<string, Probe>> = {
  'Query.generation(id)': byId('{ generation(id: $x) { id } }', ({ generation }) => generation),
  'Query.reference(id)': byId('{ reference(id: $x) { id } }', ({ reference }) => reference),
  'Query.node(id)': byId('{ node(id: $x) { id } }', ({ webhook }) => webhook),
  'Query.sample(id)': byId('{ sample(id: $x) { id } }', ({ sample }) => sample),
  'Query.apiKey(id)': byId('{ apiKey(id: $x) { id name } }', ({ key }) => key),
  'Query.webhookDelivery(id)': byId('{ webhookDelivery(id: $x) { id payload } }', ({ delivery }) => delivery),
  'Query.regionMask(id)': byId('{ regionMask(id: $x) { id } }', ({ mask }) => mask),
  'Query.upload(id)': byId('{ upload(id: $x) { id url } }', ({ upload }) => upload),
  'Query.export(id)': byId('{ export(id: $x) { id archive { url } } }', (own) => own.export),
  'Query.webhook(id)': byId(
    '{ webhook(id: $x) { id deliveries { edges { node { payload } } } } }',
    (own) => own.webhook,
  ),
  'Query.defect(code)': byCode('{ defect(code: $x) { id } }', 'HOLE'),
  'Query.products(filter.search)': byCode(listed('products(filter: { search: $x })'), 'FABRIC'),
  'Query.defects(filter.search)': byCode(listed('defects(filter: { search: $x })'), 'HOLE'),
  'Query.product(partNumber)': byCode('{ product(partNumber: $x) { id } }', 'FABRIC'),
  'Query.products(filter.drawableBy)': ofModel(listed('products(filter: { drawableBy: $x })')),
  'Query.defects(filter.drawableBy)': ofModel(listed('defects(filter: { drawableBy: $x })')),
  'Query.generations(filter.model)': ofModel(listed('generations(filter: { model: $x })')),
  'Query.model(id)': { ...ofModel('query ($x: ID!) { model(id: $x) { id } }'), type: 'ID!' },
  'Product.defects(model)': ofModel('{ product(partNumber: "OWN") { defects(model: $x) { coverage } } }'),
  'Product.pairs(model)': ofModel(
    '{ product(partNumber: "OWN") { pairs(model: $x) { edges { node { coverage } } } } }',
  ),
  'ProductDefect.coverage(model)': ofModel(
    '{ product(partNumber: "OWN") { pairs { edges { node { coverage(model: $x) } } } } }',
  ),
  'Mutation.generateDefects(input.model)': ofModel(
    'mutation { generateDefects(input: [{ partNumber: "OWN", defectCode: "OWN", model: $x }]) { id } }',
  ),
  'Mutation.deleteModel(id)': { ...ofModel('mutation { deleteModel(id: $x) }'), code: 'NOT_FOUND' },
  // Before the next probes set aliases of the asker.
  'Mutation.deleteModelAlias(alias)': byCode('mutation { deleteModelAlias(alias: $x) { model } }', 'staging'),
  'Mutation.setModelAlias(model)': ofModel('mutation { setModelAlias(alias: "own", model: $x) { model } }'),
  'Mutation.setModelAlias(alias)': byCode(
    'mutation { setModelAlias(alias: $x, model: "surfaces-small") { model previousModel } }',
    'production',
  ),
  ...CURSOR_PROBES,
  ...DATA_SET_PROBES,
  ...TRAINING_PROBES,
  ...ofSamples('Query.samples', listed),
  ...ofSamples(
    'Query.sampleStatistics',
    (samples) => `{ ${samples.replace('samples', 'sampleStatistics')} { count } }`,
  ),
  ...ofSamples('Product.samples', ofProduct),
  ...ofSamples('Generation.samples', ofGeneration),
  'Query.generations(filter.partNumber)': byCode(listed('generations(filter: { partNumber: $x })'), 'FABRIC'),
  'Query.generations(filter.defectCode)': byCode(listed('generations(filter: { defectCode: $x })'), 'HOLE'),
  'Query.aliases(filter.externalCode)': byCode('{ aliases(filter: { externalCode: $x }) { edges { cursor } } }', '9'),
  'Mutation.reviewSamples(input.reviews.sampleId)': byId(
    'mutation { reviewSamples(input: { reviews: [{ sampleId: $x, version: 1, state: REJECTED }] }) { samples { id } } }',
    ({ sample }) => sample,
  ),
  'Mutation.deleteSamples(ids)': byId('mutation { deleteSamples(ids: [$x]) { deletedIds } }', ({ sample }) => sample),
  'Mutation.cancelGeneration(id)': byId('mutation { cancelGeneration(id: $x) { id } }', ({ generation }) => generation),
  'Mutation.archiveReference(id)': byId('mutation { archiveReference(id: $x) { id } }', ({ reference }) => reference),
  'Mutation.revokeApiKey(id)': byId('mutation { revokeApiKey(id: $x) { id } }', ({ key }) => key),
  'Mutation.updateWebhook(id)': byId(
    'mutation { updateWebhook(id: $x, input: { enabled: false }) { id } }',
    ({ webhook }) => webhook,
  ),
  'Mutation.rotateWebhookSecret(id)': byId(
    'mutation { rotateWebhookSecret(id: $x) { secret } }',
    ({ webhook }) => webhook,
  ),
  'Mutation.deleteWebhook(id)': byId('mutation { deleteWebhook(id: $x) { id } }', ({ webhook }) => webhook),
  'Mutation.redeliver(deliveryId)': byId('mutation { redeliver(deliveryId: $x) { id } }', ({ delivery }) => delivery),
  'Mutation.archiveProduct(partNumber)': byCode('mutation { archiveProduct(partNumber: $x) { id } }', 'FABRIC'),
  'Mutation.unarchiveProduct(partNumber)': byCode('mutation { unarchiveProduct(partNumber: $x) { id } }', 'FABRIC'),
  'Mutation.setAllowedArea(partNumber)': byCode('mutation { setAllowedArea(partNumber: $x) { id } }', 'FABRIC'),
  'Mutation.setAllowedArea(maskId)': byId(
    'mutation { setAllowedArea(partNumber: "OWN", maskId: $x) { id } }',
    ({ mask }) => mask,
  ),
  'Mutation.archiveDefect(code)': byCode('mutation { archiveDefect(code: $x) { id } }', 'HOLE'),
  'Mutation.unarchiveDefect(code)': byCode('mutation { unarchiveDefect(code: $x) { id } }', 'HOLE'),
  'Mutation.removeAlias(alias)': byCode('mutation { removeAlias(kind: DEFECT, alias: $x) { alias } }', 'nick'),
  'Mutation.importCatalog(input.products.partNumber)': imported(
    'products: [{ partNumber: $x, name: "taken over", promptName: "asphalt" }]',
    'products',
    'ASPHALT',
  ),
  'Mutation.importCatalog(input.defects.code)': imported(
    'defects: [{ code: $x, name: "taken over", promptName: "crack" }]',
    'defects',
    'CRACK',
  ),
  'Mutation.importCatalog(input.aliases.alias)': imported(
    'aliases: [{ alias: $x, promptName: "crack" }]',
    'aliases',
    'nick',
  ),
  'Mutation.exportDataset(input.filter.generationId)': {
    ...byId(exported('generationId: $x'), ({ generation }) => generation),
    code: NOTHING,
  },
  'Mutation.exportDataset(input.filter.referenceId)': {
    ...byId(exported('referenceId: $x'), ({ reference }) => reference),
    code: NOTHING,
  },
  'Mutation.exportDataset(input.filter.defectReferenceId)': {
    ...byId(exported('defectReferenceId: $x'), (own) => own.donor),
    code: NOTHING,
  },
  'Mutation.exportDataset(input.filter.partNumber)': byCode(exported('partNumber: $x'), 'FABRIC', NOTHING),
  'Mutation.exportDataset(input.filter.defectCode)': byCode(exported('defectCode: $x'), 'HOLE', NOTHING),
  'Mutation.exportDataset(input.idempotencyKey)': {
    document: 'mutation { exportDataset(input: { format: COCO, idempotencyKey: $x }) { id } }',
    type: 'String!',
    theirs: () => 'the key of the owner',
  },
  'Mutation.createUpload(input.partNumber)': byCode(
    'mutation { createUpload(input: { purpose: REFERENCE, partNumber: $x }) { id } }',
    'FABRIC',
    'UNKNOWN_PRODUCT',
  ),
  'Mutation.createUpload(input.defectCode)': byCode(
    'mutation { createUpload(input: { purpose: REFERENCE, partNumber: "OWN", defectCode: $x, maskId: "" }) { id } }',
    'HOLE',
    'UNKNOWN_DEFECT',
  ),
  'Mutation.createUpload(input.maskId)': byId(
    'mutation { createUpload(input: { purpose: REFERENCE, partNumber: "OWN", defectCode: "OWN", maskId: $x }) { id } }',
    ({ mask }) => mask,
  ),
  'Mutation.generateDefects(input.partNumber)': byCode(
    'mutation { generateDefects(input: [{ partNumber: $x, defectCode: "OWN" }]) { id } }',
    'FABRIC',
    'UNKNOWN_PRODUCT',
  ),
  'Mutation.generateDefects(input.defectCode)': byCode(
    'mutation { generateDefects(input: [{ partNumber: "OWN", defectCode: $x }]) { id } }',
    'HOLE',
    'UNKNOWN_DEFECT',
  ),
  'Mutation.generateDefects(input.idempotencyKey)': {
    document: drawing('idempotencyKey: $x'),
    type: 'String!',
    theirs: () => 'the key of the owner',
  },
  'Mutation.generateDefects(input.reference.id)': byId(drawing('reference: { id: $x }'), ({ reference }) => reference),
  'Mutation.generateDefects(input.reference.ids)': byId(
    drawing('reference: { ids: [$x] }'),
    ({ reference }) => reference,
  ),
  'Mutation.generateDefects(input.defectReference.ids)': byId(
    drawing('reference: { anyOfProduct: true }, defectReference: { ids: [$x] }'),
    (own) => own.donor,
  ),
  'Mutation.generateDefects(input.defectReference.cutPaste.ids)': byId(
    drawing('reference: { anyOfProduct: true }, defectReference: { cutPaste: { ids: [$x] } }'),
    ({ reference }) => reference,
  ),
  'Mutation.generateDefects(input.reference.sampleId)': byId(
    drawing('reference: { sampleId: $x }'),
    ({ sample }) => sample,
  ),
  'Mutation.generateDefects(input.defectReference.id)': byId(
    drawing('reference: { anyOfProduct: true }, defectReference: { id: $x }'),
    (own) => own.donor,
  ),
  'Mutation.generateDefects(input.defectReference.sampleId)': byId(
    drawing('reference: { anyOfProduct: true }, defectReference: { sampleId: $x }'),
    ({ sample }) => sample,
  ),
  'Mutation.generateForMisses(input.missed)': byId(
    'mutation { generateForMisses(input: { missed: [$x] }) { id } }',
    (own) => own.donor,
  ),
  'Mutation.generateForMisses(input.goodReferences)': byId(
    'mutation { generateForMisses(input: { falseAlarms: [{ referenceId: "x", defectCode: "OWN" }], goodReferences: [$x] }) { id } }',
    (own) => own.reference,
  ),
  'Mutation.generateForMisses(input.falseAlarms.referenceId)': byId(
    'mutation { generateForMisses(input: { falseAlarms: [{ referenceId: $x, defectCode: "OWN" }] }) { id } }',
    (own) => own.reference,
  ),
  'Mutation.generateDefects(input.region.maskId)': byId(
    drawing('reference: { anyOfProduct: true }, region: { maskId: $x }'),
    ({ mask }) => mask,
  ),
  'Mutation.generateDefects(input.allowedArea.maskId)': byId(
    drawing('reference: { anyOfProduct: true }, allowedArea: { maskId: $x }'),
    ({ mask }) => mask,
  ),
  'Subscription.generationEvents(id)': byId(
    'subscription { generationEvents(id: $x) { __typename } }',
    ({ generation }) => generation,
  ),
};
