/** Generates several samples together. Resolves with the last of them. */
import type { Engine, SampleRequest, SampleResult } from '../src/inference/index.js';

export function generateAll(engine: Engine, requests: readonly SampleRequest[]): Promise<SampleResult[]> {
  return Promise.all(requests.map((request) => engine.generate(request)));
}
