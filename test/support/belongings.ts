/** What the two tenants of isolation.test.ts have, one thing of each kind. */
import { readFileSync } from 'node:fs';
import { createDataSet } from './dataSets.js';
import { exportDataset, exportEnded } from './exports.js';
import { finished, generate, samplesIn } from './generations.js';
import { DEFAULT_ADAPTERS, archiveOf, uploadModel } from './models.js';
import { grey } from './photographs.js';
import type { Owned } from './probeKinds.js';
import { createWebhook, settled } from './receiver.js';
import type { Server } from './server.js';
import { startTraining, trainingEnded } from './trainings.js';
import { until } from './until.js';
import { MASK, createUpload, fetchUpload, put, send, sendDonor } from './uploads.js';

export interface Belongings {
  readonly owned: Owned;
  readonly urls: Readonly<Record<string, string>>;
}

/** One thing of each kind, so that an answer with too many rows is noticed. */
export async function makeStrangersOwn(server: Server, receiver: string, stranger: string): Promise<void> {
  await createWebhook(server, receiver, ['GENERATION_STARTED'], stranger);
  const photograph = { purpose: 'REFERENCE', partNumber: 'OWN' };
  await send(server, readFileSync('test/photographs/fabric.png'), photograph, stranger);
  await generate(server, { partNumber: 'OWN', defectCode: 'OWN', steps: 10, seed: 2 }, stranger);
  const drawn = '{ samples(filter: { areaFraction: { min: 0.0001 } }) { edges { node { id } } } }';
  await until(async () => (await server.data(drawn, {}, stranger)).samples.edges.length > 0);
  const { samples } = await server.data(drawn, {}, stranger);
  await reviewed(server, samples.edges[0].node.id as string, stranger);
  const parts = { name: 'own', partNumbers: ['OWN'], sampleIds: [samples.edges[0].node.id as string] };
  const { id: dataSetId } = await createDataSet(server, parts, stranger);
  await startTraining(server, { dataSetId, name: 'lingers', version: '1.0.0', minutes: 1 }, stranger);
}

/** So that a review of both is there to be seen. */
async function reviewed(server: Server, id: string, key?: string): Promise<void> {
  const input = `{ reviews: [{ sampleId: "${id}", version: 0, state: ACCEPTED }] }`;
  await server.data(`mutation { reviewSamples(input: ${input}) { samples { id } } }`, {}, key);
}

/** Returns the owner's things, and their URLs by what they open. */
export async function makeBelongings(server: Server, receiver: string): Promise<Belongings> {
  const { id: webhook } = await createWebhook(server, receiver, ['GENERATION_SUCCEEDED']);
  const wish = { partNumber: 'FABRIC', defectCode: 'HOLE', steps: 10, seed: 2, idempotencyKey: 'the key of the owner' };
  const generation = await finished(server, (await generate(server, wish)).id);
  const upload = await createUpload(server, { purpose: 'REFERENCE', partNumber: 'FABRIC' });
  await put(upload.url, readFileSync('test/photographs/fabric.png'));
  const { reference } = await fetchUpload(server, upload.id);
  const shape = await grey((x) => (x < 9 ? 255 : 0))
    .png()
    .toBuffer();
  const mask = await send(server, shape, MASK);
  const donor = await sendDonor(server, readFileSync('test/photographs/fabric.png'), 'FABRIC', 'HOLE');
  const model = await uploadModel(server, await archiveOf('wool', undefined, DEFAULT_ADAPTERS));
  for (const alias of ['production', 'staging'])
    await server.data(`mutation { setModelAlias(alias: "${alias}", model: "${model}") { alias } }`);
  const { apiKeys } = await server.data('{ apiKeys { edges { node { id } } } }');
  await server.data(
    'mutation { importCatalog(input: { aliases: [{ alias: "nick", promptName: "hole", externalCode: "9" }] }) { warnings { field } } }',
  );
  const [sample] = samplesIn(generation);
  await reviewed(server, sample.id as string);
  const idempotencyKey = 'the key of the owner';
  const exported = await exportEnded(server, (await exportDataset(server, { format: 'COCO', idempotencyKey })).id);
  const parts = { name: 'parts', partNumbers: ['FABRIC'], sampleIds: [sample.id], idempotencyKey };
  const { id: dataSet } = await createDataSet(server, parts);
  const wanted = { dataSetId: dataSet, name: 'finishes', version: '1.0.0', minutes: 1, idempotencyKey };
  const { id: training } = await trainingEnded(server, (await startTraining(server, wanted)).id);
  const [delivery] = await settled(server, webhook, ({ status }) => status === 'SUCCEEDED');
  const urls = {
    picture: sample.image.url,
    mask: sample.mask.url,
    photograph: reference.image.url,
    region: mask.image.url,
    archive: exported.archive.url,
  };
  const owned = {
    generation: generation.id,
    sample: sample.id,
    reference: reference.id,
    mask: mask.id,
    donor: donor.id,
    upload: upload.id,
    model,
    key: apiKeys.edges[0].node.id,
    export: exported.id,
    dataSet,
    training,
    webhook,
    delivery: delivery.id,
  };
  return { owned, urls };
}
