/** A pool of two device workers, both on the CPU, on a bundle of a few kilobytes. Which of them draws what: placement.test.ts. */

import type { Engine, SampleRequest } from '../../src/inference/index.js';
import { CanceledError, DeviceLostError, openEngine } from '../../src/inference/index.js';
import { tinyModels, tinyRequest } from './tiny.js';
import { generateAll } from './generateAll.js';

const modelsDirectory = tinyModels;
const request: SampleRequest = { ...tinyRequest, id: '', steps: 100 };

let pool: Engine;
beforeEach(async () => {
  pool = await openEngine({
    modelsDirectory,
    devices: ['cpu', 'cpu'],
    maximumRows: 3,
  });
});
afterEach(() => pool.close());

const requests = (count: number, changes: Partial<SampleRequest> = {}): SampleRequest[] =>
  Array.from({ length: count }, (_, i) => ({ ...request, id: String(i), seed: i, ...changes }));

const kill = (device: number): void => {
  const pid = pool.devices()[device]?.pid;
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
};

test('draws each sample once', async () => {
  const ids: string[] = [];
  await generateAll(pool, requests(12), { onSample: ({ id }) => ids.push(id) });
  expect(ids.map(Number).sort((a, b) => a - b)).toEqual(requests(12).map((_, i) => i));
});

test('when one worker dies, the other draws what it had, without waiting for the next', async () => {
  const told: string[] = [];
  let killed = false;
  await generateAll(pool, requests(12), {
    onStarted: (id) => told.push(`started ${id}`),
    onProgress: () => {
      if (!killed) kill(0);
      killed = true;
    },
    onSample: ({ id }) => told.push(`sample ${id}`),
  });
  expect(killed).toBe(true);
  for (const { id } of requests(12)) {
    expect(told.filter((line) => line === `started ${id}`)).toHaveLength(1);
    expect(told.filter((line) => line === `sample ${id}`)).toHaveLength(1);
  }
});

test('a sample that kills every worker is given up after three, whichever they were', async () => {
  const draw = generateAll(pool, requests(1, { steps: 999 }), {
    onProgress: () => {
      kill(0);
      kill(1);
    },
    onSample: () => undefined,
  });
  await expect(draw).rejects.toBeInstanceOf(DeviceLostError);
  await expect(draw).rejects.toThrow('it died 3 times while it drew this sample');
  expect(pool.devices().reduce((sum, { restarts }) => sum + restarts, 0)).toBeGreaterThanOrEqual(3);
});

test('a cancel ends the draw, though most of it was on no device yet', async () => {
  const abort = new AbortController();
  const afterwards: string[] = [];
  const draw = generateAll(
    pool,
    requests(2000),
    {
      onStarted: (id) => abort.signal.aborted && afterwards.push(`started ${id}`),
      onProgress: () => abort.abort(),
      onSample: ({ id }) => abort.signal.aborted && afterwards.push(`sample ${id}`),
    },
    abort.signal,
  );
  await expect(draw).rejects.toBeInstanceOf(CanceledError);
  await generateAll(pool, requests(2), { onSample: () => undefined });
  expect(afterwards).toEqual([]);
});

test('a sample of a high priority is drawn before the many that wait', async () => {
  const order: string[] = [];
  let urgent: Promise<void> | undefined;
  const onSample = ({ id }: { id: string }): void => {
    order.push(id);
    urgent ??= generateAll(pool, [{ ...request, id: 'urgent', seed: 1000, steps: 20, priority: 1 }], { onSample });
  };
  await generateAll(pool, requests(100, { steps: 20 }), { onSample });
  await urgent;
  expect(order.indexOf('urgent')).toBeLessThan(20);
});
