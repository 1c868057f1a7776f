/**
 * From an archive of photographs to exported samples through the API alone, with the real training package: two tenants train at once in
 * two trainers, one an adapter and one a whole bundle, a training process and a trainer are killed, and each tenant draws with its own model
 * alone. On a PostgreSQL of its own.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runTenantsCli } from '../src/tenantsCli/run.js';
import { STUDENT_MODELS } from './inference/studentAdapters.js';
import { freePort } from './support/daemon.js';
import { exportDataset, fetchExport } from './support/exports.js';
import { bytesAt, fetchGeneration, generate } from './support/generations.js';
import type { Kept } from './support/kept.js';
import { keepRunning } from './support/kept.js';
import { sendArchive } from './support/dataSets.js';
import { importParts, modelsOf, zipOf } from './support/models.js';
import { grey, photograph } from './support/photographs.js';
import type { Postgres } from './support/postgres.js';
import { startPostgres, whyNoPostgres } from './support/postgres.js';
import type { Json, Server } from './support/server.js';
import { TEST_KEY, newFolder, startServer } from './support/server.js';
import { TRAINER, endTraining, fetchTraining, refusedTraining } from './support/trainings.js';
import { startTraining, trainingEnded } from './support/trainings.js';
import { until } from './support/until.js';
import { entriesIn } from './support/zip.js';

/** Three photographs of good parts, and three with a dent, one of them for testing. */
async function archiveOf(folder: string, seed: number): Promise<Buffer> {
  const shape = grey((x, y) => (x > 8 && x < 28 && y > 8 && y < 28 ? 255 : 0));
  const entries: Record<string, Buffer> = {
    'manifest.csv': Buffer.from(`image,split\n${folder}/test/dent/0.png,test\n`),
  };
  for (let i = 0; i < 3; i++) {
    const name = String(i);
    entries[`${folder}/train/good/${name}.png`] = await photograph(seed + i)
      .png()
      .toBuffer();
    entries[`${folder}/test/dent/${name}.png`] = await photograph(seed + 100 + i)
      .png()
      .toBuffer();
    entries[`${folder}/ground_truth/dent/${name}_mask.png`] = await shape.clone().png().toBuffer();
  }
  return zipOf(entries);
}

const whyNot = whyNoPostgres() ?? (existsSync(TRAINER) ? undefined : `no ${TRAINER}`);
const describeHere = whyNot === undefined ? describe : describe.skip;

test('what this needs is there, where all of it must be tested', () => {
  if (process.env['CI'] === 'true') expect(whyNot).toBeUndefined();
});

describeHere('two tenants', () => {
  const dataDirectory = newFolder();
  let postgres: Postgres;
  let server: Server;
  const trainers: Kept[] = [];
  /** What each has: its key, its product, and what it makes of it. */
  const tenants: { key: string; partNumber: string; name: string; kind: string; id: string }[] = [];

  beforeAll(async () => {
    postgres = await startPostgres();
    const env = { DATA_DIR: dataDirectory, DATABASE_URL: postgres.url, MODELS_DIR: STUDENT_MODELS, LEASE_SECONDS: '3' };
    server = await startServer(env);
    const created = await runTenantsCli(['create', 'second', '--admin-key'], env);
    const key = /dd_\S{32}/.exec(created)?.[0] ?? '';
    tenants.push({ key: TEST_KEY, partNumber: 'BRASS-COG', name: 'mine', kind: 'ADAPTER', id: '' });
    tenants.push({ key, partNumber: 'BRASS-RING', name: 'theirs', kind: 'FINE_TUNE', id: '' });
    for (const tenant of tenants) await importParts(server, tenant.key);
    const refused = await refusedTraining(server, wish(await dataSetOf(0), 'mine', 'ADAPTER'));
    expect(refused.extensions.code).toBe('NO_TRAINER');
    for (const role of ['trainer', 'trainer']) {
      const port = await freePort();
      const own = { ROLE: role, TRAINER_COMMAND: TRAINER, TRAINER_THREADS: '1' };
      trainers.push(keepRunning(role, port, { ...env, ...own }));
    }
    await Promise.all(trainers.map((trainer) => trainer.ready()));
    expect((await server.data('{ serverInfo { trainers } }')).serverInfo.trainers).toBe(2);
  });

  afterAll(async () => {
    await Promise.all(trainers.map((trainer) => trainer.stop()));
    await server.kill();
    await postgres.remove();
  });

  const wish = (dataSetId: string, name: string, kind: string): object => ({
    dataSetId,
    name,
    kind,
    version: '1.0.0',
    minutes: 0.3,
  });

  async function dataSetOf(index: number): Promise<string> {
    const { key = '', partNumber = '' } = tenants[index] ?? {};
    const folder = partNumber.toLowerCase().replace('-', ' ');
    const { status, body, dataSet } = await sendArchive(
      server,
      await archiveOf(folder, 10 * index),
      { name: folder },
      key,
    );
    expect([status, body.errors]).toEqual([201, undefined]);
    expect(dataSet.counts).toMatchObject({ goodPhotographs: 3, defectivePhotographs: 3, test: 1 });
    return dataSet.id;
  }

  async function drawnWith(key: string, partNumber: string, model: string): Promise<Json> {
    const { id } = await generate(server, { partNumber, defectCode: 'DENT', model, steps: 2, count: 2, seed: 4 }, key);
    return until(async () => {
      const found = await fetchGeneration(server, id, key);
      return ['SUCCEEDED', 'FAILED'].includes(found.status) && found;
    });
  }

  /** Once it has a checkpoint: the process that trains. */
  const pidOf = (id: string): Promise<number> =>
    until(() => {
      const checkpoints = ['adapter.pt', 'log.jsonl'].map((file) => join(dataDirectory, 'trainings', id, 'run', file));
      const lines = trainers.flatMap((trainer) => trainer.output().split('\n'));
      const started = lines.filter((line) => line.includes('a training process started') && line.includes(id));
      return (
        checkpoints.some((file) => existsSync(file)) && Number(/"pid":(\d+),"command"/.exec(started.at(-1) ?? '')?.[1])
      );
    });

  test('train at once, though a process and a trainer are killed', async () => {
    for (const [i, tenant] of tenants.entries())
      tenant.id = (await startTraining(server, wish(await dataSetOf(i), tenant.name, tenant.kind), tenant.key)).id;
    const [mine, theirs] = tenants.map(({ id }) => id) as [string, string];
    process.kill(await pidOf(mine), 'SIGKILL');
    await pidOf(theirs);
    const holder = trainers.find((trainer) => trainer.output().includes(theirs));
    holder?.kill();
    for (const { id, key } of tenants) {
      const training = await trainingEnded(server, id, key);
      expect([training.error, training.status, training.attempts]).toEqual([null, 'SUCCEEDED', 2]);
      expect(training.imageGrids.length).toBeGreaterThan(0);
      const { pairs, outOfTime, withoutNormal } = training.verdict;
      expect(pairs.length + outOfTime.length + withoutNormal.length).toBe(1);
    }
  });

  test('each draws with its own model once it is published, and the other does not see it', async () => {
    for (const { id, key } of tenants) await endTraining(server, 'publish', id, key);
    for (const [i, { key, partNumber, name }] of tenants.entries()) {
      const other = tenants[1 - i];
      expect((await modelsOf(server, key)).map((model) => model.id)).toEqual([`${name}@1.0.0`, 'student@1.0.0'].sort());
      expect(await fetchTraining(server, other?.id ?? '', key)).toBeNull();
      const generation = await drawnWith(key, partNumber, name);
      expect([generation.status, generation.request.model]).toEqual(['SUCCEEDED', `${name}@1.0.0`]);
    }
  });

  test('a bundle of its own is the base of the next, which is drawn with', async () => {
    const { key = '', partNumber = '' } = tenants[1] ?? {};
    const more = { ...wish(await dataSetOf(1), 'next', 'ADAPTER'), base: 'theirs' };
    const { id } = await startTraining(server, more, key);
    const training = await trainingEnded(server, id, key);
    expect([training.error, training.status, training.base]).toEqual([null, 'SUCCEEDED', 'theirs@1.0.0']);
    await endTraining(server, 'publish', id, key);
    const next = (await modelsOf(server, key)).find(({ name }) => name === 'next');
    expect(next).toMatchObject({ base: 'theirs@1.0.0', visibility: 'PRIVATE' });
    expect((await drawnWith(key, partNumber, 'next')).status).toBe('SUCCEEDED');
  });

  test('and exports its samples, with the licence of its photographs and of the base', async () => {
    const { id } = await exportDataset(server, { format: 'MVTEC_AD' });
    const { status, archive } = await until(async () => {
      const found = await fetchExport(server, id);
      return found.finishedAt !== null && found;
    });
    expect(status).toBe('SUCCEEDED');
    const entries = entriesIn(await bytesAt(archive.url));
    const manifest = JSON.parse(entries.find(({ name }) => name === 'manifest.json')?.content.toString() ?? '') as Json;
    expect(manifest.models).toEqual([
      expect.objectContaining({
        model: 'mine@1.0.0',
        license: expect.objectContaining({ id: expect.stringContaining('LicenseRef-private') }),
      }),
    ]);
  });

  test('nothing of the trainings is left in the folder of the trainers', async () => {
    await until(() => tenants.every(({ id }) => !existsSync(join(dataDirectory, 'trainings', id))));
  });
});
