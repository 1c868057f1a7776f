/** Adapters and bundles that are opened while the engine runs: they draw as those that were there at its start, and disturb nobody. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Bundle, DeviceStep, Engine, SampleRequest, SampleResult } from '../../src/inference/index.js';
import { BundleError, openEngine } from '../../src/inference/index.js';
import { generateAll } from './generateAll.js';
import { STUDENT_ADAPTERS, STUDENT_MODELS, adapterOf, requestOf } from './studentAdapters.js';

const OF_BASE = requestOf('student@1.0.0', 'tin');
const OF_COG = requestOf('cog@1.0.0', 'brass cog');
const OF_RING = requestOf('ring@1.0.0', 'brass ring');

async function draw(engine: Engine, requests: readonly SampleRequest[]): Promise<Map<string, SampleResult>> {
  const results = new Map<string, SampleResult>();
  await generateAll(engine, requests, { onSample: (result) => void results.set(result.id, result) });
  return results;
}

const drawOne = async (engine: Engine, request: SampleRequest): Promise<SampleResult | undefined> =>
  (await draw(engine, [request])).get(request.id);

let engine: Engine;
const steps: DeviceStep[] = [];
beforeAll(async () => {
  engine = await openEngine({
    modelsDirectory: STUDENT_MODELS,
    maximumRows: 24,
    onStep: (step) => steps.push(step),
  });
});
afterAll(() => engine.close());

const opened = async (...names: ('cog' | 'ring')[]): Promise<void> => {
  for (const name of names) await engine.openModel(adapterOf(name, engine.bundles));
};

test('an adapter that is opened later draws what it draws when it is there at the start', async () => {
  const models = await mkdtemp(join(tmpdir(), 'adapters-'));
  await cp(STUDENT_MODELS, models, { recursive: true });
  await cp(STUDENT_ADAPTERS, models, { recursive: true });
  const atStart = await openEngine({ modelsDirectory: models, maximumRows: 24 });
  const expected = await drawOne(atStart, OF_COG);
  await atStart.close();
  await rm(models, { recursive: true });
  await expect(engine.generate(OF_COG)).rejects.toThrow('bundle "cog@1.0.0" is not loaded; there is student@1.0.0');
  await opened('cog');
  const sample = await drawOne(engine, OF_COG);
  expect(sample?.image).toEqual(expected?.image);
  expect(sample?.mask).toEqual(expected?.mask);
  expect(engine.bundles.map(({ id }) => id)).toEqual(['student@1.0.0']);
});

test('samples of two adapters and of their base share steps, and each is bit for bit what it is alone', async () => {
  await opened('cog', 'ring');
  const requests = [OF_BASE, OF_COG, OF_RING];
  const alone = new Map<string, SampleResult | undefined>();
  for (const request of requests) alone.set(request.id, await drawOne(engine, request));
  steps.length = 0;
  const together = await draw(engine, requests);
  expect(steps.some(({ samples, bundle }) => samples === 3 && bundle === 'student@1.0.0')).toBe(true);
  for (const { id } of requests) {
    expect(together.get(id)?.image).toEqual(alone.get(id)?.image);
    expect(together.get(id)?.mask).toEqual(alone.get(id)?.mask);
  }
  expect(new Set([...alone.values()].map((one) => Buffer.from(one?.image ?? []).toString('base64'))).size).toBe(3);
});

test('a worker that replaces one that was killed opens the adapters, and the samples go on', async () => {
  await opened('cog');
  const undisturbed = await drawOne(engine, OF_COG);
  const { pid = 0 } = engine.devices()[0] ?? {};
  let killed = false;
  const results = new Map<string, SampleResult>();
  const longer = requestOf('cog@1.0.0', 'brass cog', 400);
  await generateAll(engine, [{ ...longer, id: 'long' }, OF_BASE], {
    onProgress() {
      if (!killed) process.kill(pid, 'SIGKILL');
      killed = true;
    },
    onSample: (result) => void results.set(result.id, result),
  });
  expect([...results.keys()].sort()).toEqual(['long', OF_BASE.id].sort());
  expect(engine.devices()[0]?.pid).not.toBe(pid);
  expect((await drawOne(engine, OF_COG))?.image).toEqual(undisturbed?.image);
});

describe('an adapter whose graph', () => {
  let directory: string;
  const broken = (): Bundle => {
    const cog = adapterOf('cog', engine.bundles, 'broken@1.0.0');
    return { ...cog, adapter: { ...(cog.adapter as NonNullable<Bundle['adapter']>), directory } };
  };
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'broken-'));
    await cp(join(STUDENT_ADAPTERS, 'cog', '1.0.0'), directory, { recursive: true });
  });
  afterEach(() => rm(directory, { recursive: true }));

  test('was changed is refused, and the others are drawn', async () => {
    await opened('ring');
    await writeFile(join(directory, 'modulation_change.onnx'), 'no graph');
    await expect(engine.openModel(broken())).rejects.toThrow(BundleError);
    await expect(engine.generate({ ...OF_COG, bundle: 'broken@1.0.0' })).rejects.toThrow('is not loaded');
    expect((await drawOne(engine, OF_RING))?.image.length).toBeGreaterThan(100);
  });

  test('is lost while the worker is replaced fails its own samples only', async () => {
    await engine.openModel(broken());
    await rm(join(directory, 'modulation_change.onnx'));
    const { pid = 0 } = engine.devices()[0] ?? {};
    const kill = { onProgress: (): void => void process.kill(pid, 'SIGKILL') };
    const long = { ...requestOf('broken@1.0.0', 'brass cog', 400), id: 'long' };
    const other = { ...requestOf('student@1.0.0', 'tin', 400), id: 'other' };
    const [lost, kept] = await Promise.allSettled([engine.generate(long, kill), engine.generate(other)]);
    expect(lost).toMatchObject({ status: 'rejected', reason: { name: 'BundleError' } });
    expect(kept.status).toBe('fulfilled');
    engine.closeModel('broken@1.0.0');
  });
});

test('an adapter that is closed is unknown, and is drawn again after it is opened again', async () => {
  await opened('cog');
  const before = await drawOne(engine, OF_COG);
  engine.closeModel('cog@1.0.0');
  await expect(engine.generate(OF_COG)).rejects.toThrow('is not loaded');
  await opened('cog');
  expect((await drawOne(engine, OF_COG))?.image).toEqual(before?.image);
});

test('a bundle that is opened later draws what the same one draws, is counted, and is unknown once it is closed', async () => {
  const [student] = engine.bundles;
  const mine = { ...(student as Bundle), id: 'mine@1.0.0 1' };
  expect(await engine.openModel(mine)).toBeGreaterThan(0);
  const own = await drawOne(engine, { ...OF_BASE, id: 'own', bundle: mine.id });
  expect(own?.image).toEqual((await drawOne(engine, OF_BASE))?.image);
  expect(engine.bundles).toEqual([student]);
  expect(JSON.stringify(engine.devices())).not.toContain('mine');
  engine.closeModel(mine.id);
  await expect(engine.generate({ ...OF_BASE, bundle: mine.id })).rejects.toThrow('is not loaded');
});

test('an adapter of a bundle that is not there is refused', async () => {
  const cog = adapterOf('cog', engine.bundles, 'cog@2.0.0');
  const other = { ...cog, adapter: { ...(cog.adapter as NonNullable<Bundle['adapter']>), base: 'other@1.0.0' } };
  await expect(engine.openModel(other)).rejects.toThrow('belongs to the bundle other@1.0.0, which is not open');
  await expect(engine.openModel({ ...cog, id: 'student@1.0.0' })).rejects.toThrow('is the ID of another bundle');
});
