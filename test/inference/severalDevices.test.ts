/** An engine with two device workers, both on the CPU, on a bundle of a few kilobytes. Assignment: deviceAssignment.test.ts. */

import type { Engine, SampleRequest } from '../../src/inference/index.js';
import { CanceledError, DeviceLostError, openEngine } from '../../src/inference/index.js';
import { tinyModels, tinyRequest } from './tiny.js';
import { generateAll } from './generateAll.js';

const modelsDirectory = tinyModels;
const request: SampleRequest = { ...tinyRequest, id: '', steps: 100 };

let engine: Engine;
beforeEach(async () => {
  engine = await openEngine({
    modelsDirectory,
    devices: ['cpu', 'cpu'],
    maximumRows: 3,
  });
});
afterEach(() => engine.close());

const requests = (count: number, changes: Partial<SampleRequest> = {}): SampleRequest[] =>
  Array.from({ length: count }, (_, i) => ({ ...request, id: String(i), seed: i, ...changes }));

const kill = (device: number): void => {
  const pid = engine.devices()[device]?.pid;
  if (pid !== undefined) process.kill(pid, 'SIGKILL');
};

test('each sample is generated once', async () => {
  const ids: string[] = [];
  await generateAll(engine, requests(12), { onSample: ({ id }) => ids.push(id) });
  expect(ids.map(Number).sort((a, b) => a - b)).toEqual(requests(12).map((_, i) => i));
});

test('when one worker dies, the other generates its samples, without waiting for a new worker', async () => {
  const told: string[] = [];
  let killed = false;
  await generateAll(engine, requests(12), {
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

test('a sample that kills every worker is given up after three workers', async () => {
  const draw = generateAll(engine, requests(1, { steps: 999 }), {
    onProgress: () => {
      kill(0);
      kill(1);
    },
    onSample: () => undefined,
  });
  await expect(draw).rejects.toBeInstanceOf(DeviceLostError);
  await expect(draw).rejects.toThrow('it died 3 times while it drew this sample');
  expect(engine.devices().reduce((sum, { restarts }) => sum + restarts, 0)).toBeGreaterThanOrEqual(3);
});

test('a cancellation rejects all samples, though no device had most of them', async () => {
  const abort = new AbortController();
  const afterwards: string[] = [];
  const draw = generateAll(
    engine,
    requests(2000),
    {
      onStarted: (id) => abort.signal.aborted && afterwards.push(`started ${id}`),
      onProgress: () => abort.abort(),
      onSample: ({ id }) => abort.signal.aborted && afterwards.push(`sample ${id}`),
    },
    abort.signal,
  );
  await expect(draw).rejects.toBeInstanceOf(CanceledError);
  await generateAll(engine, requests(2), { onSample: () => undefined });
  expect(afterwards).toEqual([]);
});

test('a sample of a high priority goes before many waiting samples', async () => {
  const order: string[] = [];
  let urgent: Promise<void> | undefined;
  const onSample = ({ id }: { id: string }): void => {
    order.push(id);
    urgent ??= generateAll(engine, [{ ...request, id: 'urgent', seed: 1000, steps: 20, priority: 1 }], { onSample });
  };
  await generateAll(engine, requests(100, { steps: 20 }), { onSample });
  await urgent;
  expect(order.indexOf('urgent')).toBeLessThan(20);
});
