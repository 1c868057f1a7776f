/** A real engine on the tiny bundle for the tests of one file: opened before them and closed after them. */
import type { Engine, SampleRequest, SampleResult } from '../../src/inference/index.js';
import { openEngine } from '../../src/inference/index.js';
import type { SampleListener } from './generateAll.js';
import { generateAll } from './generateAll.js';
import { tinyModels, tinyRequest } from './tiny.js';

export let engine: Engine;
beforeAll(async () => {
  engine = await openEngine({ modelsDirectory: tinyModels, maximumRows: 6 });
});
afterAll(() => engine.close());

export async function drawAll(
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

export async function drawOne(changes: Partial<SampleRequest> = {}): Promise<SampleResult> {
  const result = (await drawAll([{ ...tinyRequest, ...changes }])).get(changes.id ?? tinyRequest.id);
  if (result === undefined) throw new Error('no result');
  return result;
}
