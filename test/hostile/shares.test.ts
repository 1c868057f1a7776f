/** What several tenants share: the room of the queue, exports, and the attempts of uploads. */
import { readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { GENERATE, QUICK, finished, generate } from '../support/generations.js';
import type { Json, Server } from '../support/server.js';
import { TEST_KEY, newDataDirectory, startServer } from '../support/server.js';
import { runTenantsHere } from '../support/tenancy.js';
import { until } from '../support/until.js';
import { MASK, createUpload, put } from '../support/uploads.js';

const LIMIT = 32;

let server: Server;
let otherKey: string;
beforeAll(async () => {
  const dataDirectory = newDataDirectory();
  const { stdout } = await runTenantsHere(dataDirectory, 'create', 'other', '--admin-key');
  otherKey = /dd_\S+/.exec(stdout)?.[0] ?? '';
  server = await startServer({
    DATA_DIR: dataDirectory,
    MAX_QUEUED_SAMPLES: String(LIMIT),
    RATE_LIMIT_PER_MINUTE: '600',
  });
});

test('without quotas, a tenant that fills the queue leaves the share of the other one', async () => {
  const item = { partNumber: 'TILE', defectCode: 'CRACK', steps: 900, count: 1 };
  const accepted = async (key: string, most: number): Promise<number> => {
    for (let i = 0; i < most; i++) {
      const answer = await server.ask(GENERATE, { input: [item] }, key);
      if (answer.errors === undefined) continue;
      expect(answer.errors[0]).toMatchObject({ extensions: { code: 'QUEUE_FULL', limit: LIMIT } });
      return i;
    }
    return most;
  };
  const products =
    'mutation { importCatalog(input: { products: [{ partNumber: "TILE", name: "tile" }], defects: [{ code: "CRACK", name: "crack" }] }) { products { created } } }';
  await server.data(products, {}, otherKey);
  expect(await accepted(TEST_KEY, LIMIT)).toBe(LIMIT / 2);
  const { message } = await server.error(GENERATE, { input: [item] });
  expect(message).toMatch(/room for 0 of 32 samples, and keeps 16 for other tenants, 1 were requested/);
  expect(await accepted(otherKey, LIMIT)).toBe(LIMIT / 2);
  for (const key of [TEST_KEY, otherKey]) {
    const { generations } = await server.data('{ generations(first: 100) { edges { node { id } } } }', {}, key);
    for (const { node } of generations.edges)
      await server.data('mutation ($id: ID!) { cancelGeneration(id: $id) { id } }', { id: node.id }, key);
  }
});

test('an upload takes ten files, each counts as an operation, and then its URL is of no use', async () => {
  const { url } = await createUpload(server, MASK);
  const broken = Buffer.from('no image');
  for (let i = 0; i < 10; i++) expect((await put(url, broken)).status).toBe(415);
  const refused = await put(url, await mask());
  expect(refused).toMatchObject({
    status: 410,
    body: { errors: [{ extensions: { code: 'UPLOAD_EXHAUSTED', limit: 10 } }] },
  });
  // An upload that was completed is not over: the same file gets the same answer.
  const good = await createUpload(server, MASK);
  const first = await put(good.url, await mask());
  for (let i = 0; i < 11; i++) expect(await put(good.url, await mask())).toEqual(first);
});

test('a stored picture that is cut off is left out of an export and named, and the others are in it', async () => {
  await until(async () =>
    (await server.data('{ generations(first: 100) { edges { node { status } } } }')).generations.edges.every(
      ({ node }: Json) => /CANCEL/.test(node.status),
    ),
  );
  const generation = await finished(server, (await generate(server, { ...QUICK, count: 3 })).id);
  const [damaged] = generation.samples.edges.map(({ node }: Json) => node);
  truncate(new URL(damaged.mask.url).pathname.split('/').at(-1) ?? '');
  const input = { format: 'MVTEC_AD', filter: { generationId: generation.id } };
  const { exportDataset } = await server.data(
    'mutation ($input: ExportDatasetInput!) { exportDataset(input: $input) { id } }',
    { input },
  );
  const done = await until(async () => {
    const query =
      'query ($id: ID!) { export(id: $id) { status progress { samplesTotal } error { message } archive { url } } }';
    const found = (await server.data(query, { id: exportDataset.id })).export;
    return /SUCCEEDED|FAILED/.test(found.status) && found;
  });
  expect(done).toMatchObject({ status: 'SUCCEEDED', progress: { samplesTotal: 2 }, error: null });
  expect(server.output()).toContain(damaged.id);
});

function truncate(key: string): void {
  const root = join(server.dataDirectory, 'artifacts');
  const file = readdirSync(root, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith(key)) ?? '';
  truncateSync(join(root, file), statSync(join(root, file)).size - 20);
}

function mask(): Promise<Buffer> {
  const white = { create: { width: 32, height: 32, channels: 3 as const, background: 'white' } };
  return sharp({ create: { width: 64, height: 64, channels: 3, background: 'black' } })
    .composite([{ input: white }])
    .png()
    .toBuffer();
}
