/** Generates several samples together; the first failure cancels the others. */
import type { Engine, SampleRequest, SampleResult } from '../../src/inference/index.js';

export interface SampleListener {
  onStarted?(id: string): void;
  onProgress?(id: string, step: number, steps: number): void;
  onWorkerExit?(error: Error): void;
  onSample?(result: SampleResult): void;
}

/** Rejects with the first reason, once every sample has settled. */
export async function generateAll(
  engine: Engine,
  requests: readonly SampleRequest[],
  listener: SampleListener = {},
  signal?: AbortSignal,
): Promise<void> {
  const failure = new AbortController();
  const cancel = signal === undefined ? failure.signal : AbortSignal.any([signal, failure.signal]);
  let failed = false;
  let reason: unknown;
  await Promise.all(
    requests.map(async (request) => {
      try {
        const result = await engine.generate(request, {
          signal: cancel,
          onStarted: () => listener.onStarted?.(request.id),
          onProgress: (step, steps) => listener.onProgress?.(request.id, step, steps),
          onWorkerExit: (error) => listener.onWorkerExit?.(error),
        });
        if (!failed) listener.onSample?.(result);
      } catch (error) {
        if (!failed) [failed, reason] = [true, error];
        failure.abort();
      }
    }),
  );
  if (failed) throw reason;
}
