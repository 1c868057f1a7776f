/** Cancellation of samples, with a real engine on the tiny bundle. */
import type { Engine, SampleRequest, SampleResult } from '../../src/inference/index.js';
import { CanceledError, openEngine } from '../../src/inference/index.js';
import { tinyModels, tinyRequest } from './tiny.js';
import type { SampleListener } from './generateAll.js';
import { generateAll } from './generateAll.js';

const [modelsDirectory, request] = [tinyModels, tinyRequest];

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ modelsDirectory, maximumRows: 6 });
});
afterAll(() => engine.close());

async function drawAll(
  requests: SampleRequest[],
  listener: Partial<SampleListener> = {},
  signal?: AbortSignal,
): Promise<Map<string, SampleResult>> {
  const results = new Map<string, SampleResult>();
  await generateAll(
    engine,
    requests,
    { ...listener, onSample: (result) => void results.set(result.id, result) },
    signal,
  );
  return results;
}

async function drawOne(changes: Partial<SampleRequest> = {}): Promise<SampleResult> {
  const result = (await drawAll([{ ...request, ...changes }])).get(changes.id ?? request.id);
  if (result === undefined) throw new Error('no result');
  return result;
}

describe('cancellation', () => {
  test('stops a running sample, and no callback is called afterwards', async () => {
    const abort = new AbortController();
    const afterwards: string[] = [];
    const draw = generateAll(
      engine,
      Array.from({ length: 8 }, (_, i) => ({ ...request, id: String(i), steps: 999 })),
      {
        onStarted: (id) => abort.signal.aborted && afterwards.push(`started ${id}`),
        onProgress: (id, step) => {
          if (abort.signal.aborted) afterwards.push(`progress ${id}`);
          expect(step).toBeLessThan(999);
          abort.abort();
        },
        onSample: ({ id }) => afterwards.push(`sample ${id}`),
      },
      abort.signal,
    );
    await expect(draw).rejects.toBeInstanceOf(CanceledError);
    // The ids are free again, and the worker draws on.
    await drawOne({ id: '0' });
    expect(afterwards).toEqual([]);
  });

  test('before the start generates nothing', async () => {
    await expect(drawAll([request], {}, AbortSignal.abort())).rejects.toBeInstanceOf(CanceledError);
  });

  test('does not affect other samples', async () => {
    const abort = new AbortController();
    const canceled = generateAll(
      engine,
      [{ ...request, id: 'gone', steps: 999 }],
      { onProgress: () => abort.abort(), onSample: () => undefined },
      abort.signal,
    );
    const kept = drawOne({ steps: 300 });
    await expect(canceled).rejects.toBeInstanceOf(CanceledError);
    expect((await kept).id).toBe('one');
  });
});
