/** Cancellation of samples, with a real engine on the tiny bundle. */
import { CanceledError } from '../../src/inference/index.js';
import { tinyRequest } from './tiny.js';
import { drawAll, drawOne, engine } from './tinyEngine.js';
import { generateAll } from './generateAll.js';

const request = tinyRequest;

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
