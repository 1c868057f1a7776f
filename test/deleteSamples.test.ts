/** Deleting samples: their files go, what needs them keeps them, and whatever names them says so. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { storagePath } from '../src/artifacts/store.js';
import { EXPORT, exportDataset, exportEnded } from './support/exports.js';
import { QUICK, SLOW, finished, generate, samplesIn } from './support/generations.js';
import type { ApiError, Json, Server } from './support/server.js';
import { startServer } from './support/server.js';
import { until } from './support/until.js';

const DELETE = 'mutation ($ids: [ID!]!) { deleteSamples(ids: $ids) { deletedIds } }';

let server: Server;
beforeAll(async () => {
  server = await startServer();
});

async function drawn(count: number): Promise<Json[]> {
  return samplesIn(await finished(server, (await generate(server, { ...QUICK, count })).id));
}

const idsOf = (samples: readonly Json[]): string[] => samples.map(({ id }) => id as string);
const refusal = (ids: readonly string[]): Promise<ApiError> => server.error(DELETE, { ids });
const storedBytes = async (): Promise<number> =>
  (await server.data('{ usage { storedBytes { used } } }')).usage.storedBytes.used as number;

function fileOf(url: string): string {
  const [, , tenant = '', key = ''] = new URL(url).pathname.split('/');
  return join(server.dataDirectory, 'artifacts', storagePath(tenant, key) ?? '');
}

test('samples go with their rows and what counts for storage; the others stay', async () => {
  const before = await storedBytes();
  const [kept, ...gone] = await drawn(3);
  const bytes = ({ image, mask, overlay }: Json): number => image.bytes + mask.bytes + overlay.bytes;
  const { deleteSamples } = await server.data(DELETE, { ids: idsOf(gone) });
  expect(deleteSamples.deletedIds).toEqual(idsOf(gone));
  const query = 'query ($id: ID!) { sample(id: $id) { id } node(id: $id) { id } }';
  expect(await server.data(query, { id: gone[0].id })).toEqual({ sample: null, node: null });
  expect((await server.data(query, { id: kept.id })).sample).toEqual({ id: kept.id });
  expect(await storedBytes()).toBe(before + bytes(kept));
  const { generation } = await server.data(
    'query ($id: ID!) { generation(id: $id) { status progress { samplesDone } samples { edges { node { id } } } } }',
    { id: (await server.data('query ($id: ID!) { sample(id: $id) { generation { id } } }', { id: kept.id })).sample.generation.id }, // prettier-ignore
  );
  expect(generation).toMatchObject({ status: 'SUCCEEDED', progress: { samplesDone: 3 } });
  expect(generation.samples.edges).toEqual([{ node: { id: kept.id } }]);
});

test('their files are removed by the cleanup', async () => {
  const samples = await drawn(1);
  await server.data(DELETE, { ids: idsOf(samples) });
  expect(existsSync(fileOf(samples[0].image.url))).toBe(true);
  const again = await restarted();
  await until(() => Promise.resolve(!existsSync(fileOf(samples[0].image.url))));
  server = again;
});

/** The cleanup runs at the start of a process, and then every minute. */
async function restarted(): Promise<Server> {
  await server.stop();
  return startServer({ DATA_DIR: server.dataDirectory }, { keep: true });
}

test('the events of a deleted sample say that it was deleted, and the others still come', async () => {
  const samples = await drawn(2);
  const [{ sample }] = [await server.data('query ($id: ID!) { sample(id: $id) { generation { id } } }', samples[0])];
  await server.data(DELETE, { ids: [samples[0].id] });
  const query = 'subscription ($id: ID!) { generationEvents(id: $id) { ... on SampleReady { sample { id } } } }';
  const seen: unknown[] = [];
  for await (const { data, errors } of server.subscribe(query, { id: sample.generation.id }))
    seen.push(errors?.[0]?.extensions.code ?? data.generationEvents.sample?.id ?? null);
  // In the order in which they were finished.
  expect(seen.filter((one) => one !== null).sort()).toEqual([samples[1].id, 'NOT_FOUND']);
});

test('a review of a deleted sample is NOT_FOUND', async () => {
  const [{ id }] = await drawn(1);
  await server.data(DELETE, { ids: [id] });
  const review = `mutation { reviewSamples(input: { reviews: [{ sampleId: "${id as string}", version: 0, state: ACCEPTED }] }) { samples { id } } }`;
  expect((await server.error(review)).extensions.code).toBe('NOT_FOUND');
});

test('samples of a generation that is not finished cannot be deleted', async () => {
  const { id } = await generate(server, { ...SLOW, steps: 1, count: 500 });
  const ready = async (): Promise<Json[]> =>
    samplesIn((await server.data('query ($id: ID!) { generation(id: $id) { status samples { edges { node { id } } } } }', { id })).generation); // prettier-ignore
  await until(async () => (await ready()).length > 0);
  const [sample] = await ready();
  const error = await refusal([sample.id]);
  expect([error.extensions.code, error.extensions['field'], error.extensions['generationId']]).toEqual(['SAMPLE_IN_USE', 'ids[0]', id]); // prettier-ignore
  expect(error.message).toContain('is not finished');
  await server.data('mutation ($id: ID!) { cancelGeneration(id: $id) { id } }', { id });
  await server.data(DELETE, { ids: [sample.id] });
});

test('of samples that are exported and deleted at once, an export has them all or finds none', async () => {
  const samples = await drawn(6);
  const filter = { generationId: await generationOf(samples[0].id) };
  const answers = await Promise.all(
    samples.flatMap(({ id }) => [
      server.ask(EXPORT, { input: { format: 'COCO', filter } }),
      server.ask(DELETE, { ids: [id] }),
    ]),
  );
  const codes = answers.map(({ errors }) => errors?.[0]?.extensions.code ?? 'DONE');
  expect(codes.filter((code) => !['DONE', 'SAMPLE_IN_USE', 'BAD_USER_INPUT'].includes(code))).toEqual([]);
  const made = answers.flatMap(({ data }) => (data?.exportDataset?.id as string | undefined) ?? []);
  for (const id of made) expect((await exportEnded(server, id)).status).toBe('SUCCEEDED');
});

test('a finished export keeps its archive', async () => {
  const samples = await drawn(2);
  const input = { format: 'COCO', filter: { generationId: await generationOf(samples[0].id) } };
  const { id } = await exportEnded(server, (await exportDataset(server, input)).id);
  await server.data(DELETE, { ids: idsOf(samples) });
  const { export: made } = await server.data('query ($id: ID!) { export(id: $id) { sampleCount archive { url } } }', {
    id,
  });
  expect(made.sampleCount).toBe(2);
  expect((await fetch(made.archive.url)).status).toBe(200);
});

async function generationOf(id: string): Promise<string> {
  const { sample } = await server.data('query ($id: ID!) { sample(id: $id) { generation { id } } }', { id });
  return sample.generation.id as string;
}

test.each<[string, (id: string) => string[], string, RegExp]>([
  ['an unknown sample', (id) => [id, 'x'], 'NOT_FOUND', /^ids\[1\]: there is no sample "x"/],
  ['a sample twice', (id) => [id, id], 'BAD_USER_INPUT', /^ids\[1\]: .* is given twice/],
  ['too many', (id) => new Array<string>(201).fill(id), 'BAD_USER_INPUT', /^ids: 201 ids are more than 200/],
])('%s is refused, and nothing is deleted', async (_, ids, code, message) => {
  const [{ id }] = await drawn(1);
  const error = await refusal(ids(id as string));
  expect([error.extensions.code, error.message]).toEqual([code, expect.stringMatching(message)]);
  expect((await server.data('query ($id: ID!) { sample(id: $id) { id } }', { id })).sample).toEqual({ id });
});
