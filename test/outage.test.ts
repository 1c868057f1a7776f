/** The disk or the device fails: accepted generations wait, and continue when it is back. */
import { appendFileSync, cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog } from '../src/log.js';
import { openLocalStore } from '../src/artifacts/localStore.js';
import { StoreUnavailable } from '../src/artifacts/store.js';
import { startGenerationWorker } from '../src/generations/worker/generationWorker.js';
import { openEngine } from '../src/inference/index.js';
import { openStorage } from '../src/storage/open.js';
import { generations } from '../src/storage/tables.js';
import { forTenant } from '../src/storage/tenantScope.js';
import { ensureTenant } from '../src/tenants/provisioning.js';
import { queueUp } from './support/queue.js';
import { GENERATE, QUICK, SLOW, fetchGeneration, finished, generate } from './support/generations.js';
import { databaseOf } from './support/database.js';
import { TINY_MODELS, newDataDirectory, startServer } from './support/server.js';
import type { Json, Server } from './support/server.js';
import { until } from './support/until.js';

const states = async (server: Server): Promise<string[]> =>
  (await server.data('{ serverInfo { devices { state } } }')).serverInfo.devices.map(({ state }: Json) => state);

/** The device worker's process, from the line that the server logged when it was ready. */
function workerOf(server: Server): number {
  const line =
    server
      .output()
      .split('\n')
      .find((text) => text.includes('device cpu is ready')) ?? '{}';
  return (JSON.parse(line) as { pid: number }).pid;
}

test('when the last device is given up, accepted work waits for the next start and new work is refused', async () => {
  const models = mkdtempSync(join(tmpdir(), 'defectdiffu-models-'));
  cpSync(TINY_MODELS, models, { recursive: true });
  const dataDirectory = newDataDirectory();
  const server = await startServer({ MODELS_DIR: models, DATA_DIR: dataDirectory });
  const running = await generate(server, { ...SLOW, steps: 100, count: 10 });
  const waiting = await Promise.all(Array.from({ length: 6 }, () => generate(server, QUICK)));
  // The weights on the disk are damaged, and the worker that has them in memory dies.
  appendFileSync(join(models, 'tiny', '1.0.0', 'denoiser.onnx'), 'rot');
  process.kill(workerOf(server), 'SIGKILL');
  await until(async () => (await states(server)).every((state) => state === 'FAILED'));

  const error = await server.error(GENERATE, { input: [QUICK] });
  expect(error.extensions).toMatchObject({ code: 'DEVICE_UNAVAILABLE', retryAfterMs: 60_000 });
  for (const { id } of [running, ...waiting])
    expect((await fetchGeneration(server, id)).status).toMatch(/QUEUED|RUNNING|SUCCEEDED/);
  await server.stop();

  const mended = await startServer({ DATA_DIR: dataDirectory });
  for (const { id } of [running, ...waiting]) expect((await finished(mended, id)).status).toBe('SUCCEEDED');
});

test('a full disk stops nothing for good: the generation goes on when there is room, and no file is left over', async () => {
  const dataDirectory = newDataDirectory();
  const storage = await openStorage(await databaseOf(dataDirectory));
  const engine = await openEngine({ modelsDirectory: TINY_MODELS, maximumRows: 6 });
  const store = await openLocalStore(join(dataDirectory, 'artifacts'));
  // Full from the fifth file on, in the middle of the second sample, for as long as `full` is set.
  const kept = new Set<string>();
  let [full, writes] = [true, 0];
  const smallDisk: typeof store = {
    ...store,
    async put(tenantId, key, bytes) {
      if (full && ++writes >= 5) throw new StoreUnavailable('no space left on device');
      await store.put(tenantId, key, bytes);
      kept.add(key);
    },
    async remove(tenantId, key) {
      kept.delete(key);
      await store.remove(tenantId, key);
    },
  };
  const scope = forTenant(storage.database, await ensureTenant(storage.database, 'outage'));
  const id = await queueUp(scope, 3);
  const rows = () => storage.database.select().from(generations);
  const worker = await startGenerationWorker({
    storage,
    engine,
    store: smallDisk,
    log: createLog('silent'),
    pauseMs: 300,
  });
  await until(() => writes >= 10); // nine for three samples: it has tried again, and the disk was still full
  expect(await rows()).toMatchObject([{ id, status: 'RUNNING', samplesDone: 1 }]);
  full = false;
  await until(async () => (await rows())[0]?.status !== 'RUNNING');
  expect(await rows()).toMatchObject([{ id, status: 'SUCCEEDED', samplesDone: 3 }]);
  expect(kept.size).toBe(9);
  await worker.stop();
  await engine.close();
  await storage.close();
});
