/** Device workers that die or hang, and devices that are not available: with a real engine on the tiny bundle. */
import type { SampleResult } from '../../src/inference/index.js';
import { CanceledError, DeviceLostError, openEngine } from '../../src/inference/index.js';
import { tinyModels, tinyRequest } from './tiny.js';
import { drawOne, engine } from './tinyEngine.js';
import { generateAll } from './generateAll.js';

const [modelsDirectory, request] = [tinyModels, tinyRequest];

const pidOf = (): number => engine.devices()[0]?.pid ?? 0;

describe('a device worker that is killed', () => {
  test('is replaced, and its samples are generated again with the same result', async () => {
    const undisturbed = await drawOne({ steps: 400 });
    const [pid, { restarts } = { restarts: 0 }] = [pidOf(), engine.devices()[0]];
    const delivered: SampleResult[] = [];
    const started: string[] = [];
    const exits: Error[] = [];
    let killed = false;
    await generateAll(
      engine,
      [
        { ...request, steps: 400 },
        { ...request, id: 'two', steps: 400, seed: 8 },
      ],
      {
        onStarted: (id) => started.push(id),
        onProgress: () => {
          if (!killed) process.kill(pid, 'SIGKILL');
          killed = true;
        },
        onWorkerExit: (error) => exits.push(error),
        onSample: (result) => delivered.push(result),
      },
    );
    expect(killed).toBe(true);
    // Both samples were being drawn, and one worker died.
    expect([exits.length, new Set(exits).size]).toEqual([2, 1]);
    expect(delivered.map(({ id }) => id).sort()).toEqual(['one', 'two']);
    expect(started.sort()).toEqual(['one', 'two']);
    expect(delivered.find(({ id }) => id === 'one')?.mask).toEqual(undisturbed.mask);
    expect(engine.devices()).toEqual([
      expect.objectContaining({ device: 'cpu', provider: 'cpu', state: 'READY', restarts: restarts + 1 }),
    ]);
    expect(pidOf()).not.toBe(pid);
  });

  test('comes back with half the rows, because memory may have run out', async () => {
    const own = await openEngine({ modelsDirectory, maximumRows: 6 });
    const rows = (): number | undefined => own.devices()[0]?.capacities[0]?.rows;
    expect(rows()).toBe(6);
    let killed = false;
    await generateAll(
      own,
      Array.from({ length: 3 }, (_, i) => ({ ...request, id: String(i), steps: 100 })),
      {
        onProgress: () => {
          if (!killed) process.kill(own.devices()[0]?.pid ?? 0, 'SIGKILL');
          killed = true;
        },
        onSample: () => undefined,
      },
    );
    expect(rows()).toBe(3);
    expect(own.devices()[0]).toMatchObject({ outOfMemory: 1, restarts: 1 });
    await own.close();
  });

  test('repeatedly by one sample fails that sample only', async () => {
    const poison = generateAll(engine, [{ ...request, steps: 999 }], {
      onProgress: () => {
        const pid = pidOf();
        if (pid !== 0) process.kill(pid, 'SIGKILL');
      },
      onSample: () => undefined,
    });
    await expect(poison).rejects.toBeInstanceOf(DeviceLostError);
    await expect(poison).rejects.toThrow('was killed by SIGKILL; it died 3 times while it drew this sample');
    expect((await drawOne()).id).toBe('one');
  });

  test('that hangs is killed by the watchdog and replaced at its full size', async () => {
    const told: string[] = [];
    const log = (_: string, message: string): number => told.push(message);
    const own = await openEngine({ modelsDirectory, maximumRows: 6, watchdogSeconds: 4, log });
    const hung = own.devices()[0]?.pid ?? 0;
    const delivered: string[] = [];
    let stopped = false;
    await generateAll(own, [{ ...request, steps: 400 }], {
      onProgress: () => {
        if (!stopped) process.kill(hung, 'SIGSTOP');
        stopped = true;
      },
      onSample: ({ id }) => delivered.push(id),
    });
    expect(stopped).toBe(true);
    expect(delivered).toEqual(['one']);
    expect(told).toContain('the worker of device cpu said nothing for 4 s and was killed');
    expect(own.devices()[0]).toMatchObject({ restarts: 1, outOfMemory: 0, capacities: [{ rows: 6 }] });
    expect(() => process.kill(hung, 0)).toThrow('ESRCH');
    await own.close();
  });

  test('does not delay a cancellation', async () => {
    const abort = new AbortController();
    const draw = generateAll(
      engine,
      [{ ...request, steps: 999 }],
      {
        onProgress: () => {
          process.kill(pidOf(), 'SIGKILL');
          abort.abort();
        },
        onSample: () => undefined,
      },
      abort.signal,
    );
    await expect(draw).rejects.toBeInstanceOf(CanceledError);
    await drawOne();
  });
});

describe('devices', () => {
  test('that this machine does not have are reported, and the others work', async () => {
    const mixed = await openEngine({ modelsDirectory, devices: ['cuda:0', 'cpu'], maximumRows: 6 });
    expect(mixed.devices()).toEqual([
      expect.objectContaining({ device: 'cuda:0', state: 'FAILED' }),
      expect.objectContaining({ device: 'cpu', state: 'READY', provider: 'cpu', bundles: ['tiny@1.0.0'] }),
    ]);
    await generateAll(mixed, [request], { onSample: ({ id }) => expect(id).toBe('one') });
    await mixed.close();
  });

  test('are an error with the reasons if none is available', async () => {
    const opening = openEngine({ modelsDirectory, devices: ['cuda:0', 'abacus'], maximumRows: 6 });
    await expect(opening).rejects.toBeInstanceOf(DeviceLostError);
    await expect(opening).rejects.toThrow(
      /cuda:0: cuda cannot be used on this machine: .*abacus: unknown device "abacus"; it must be cpu, cuda:N/s,
    );
  });

  test('share the work', async () => {
    const pair = await openEngine({ modelsDirectory, devices: ['cpu', 'cpu'], maximumRows: 6 });
    const ids: string[] = [];
    await generateAll(
      pair,
      Array.from({ length: 4 }, (_, i) => ({ ...request, id: String(i), steps: 100 })),
      { onSample: ({ id }) => ids.push(id) },
    );
    expect(ids.sort()).toEqual(['0', '1', '2', '3']);
    await pair.close();
  });
});

test('a closed engine rejects the samples in flight, and its worker is gone', async () => {
  const short = await openEngine({ modelsDirectory, maximumRows: 6 });
  const pid = short.devices()[0]?.pid ?? 0;
  const draw = generateAll(short, [{ ...request, steps: 999 }], {
    onProgress: () => void short.close(),
    onSample: () => undefined,
  });
  await expect(draw).rejects.toThrow('the engine was closed');
  await short.close();
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  await expect(generateAll(short, [request], { onSample: () => undefined })).rejects.toThrow('the engine is closed');
});
