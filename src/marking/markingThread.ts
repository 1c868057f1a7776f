/**
 * Marks images on a thread of its own. A signed manifest takes one to two milliseconds of processor time for each image,
 * and requests must not wait for it. The thread starts with the first sample.
 */
import { Worker } from 'node:worker_threads';
import type { MarkingAnswer, MarkingSettings, MarkingTask } from './markingWorker.js';
import type { Provenance } from './provenance.js';

export type MarkImages = (images: readonly Uint8Array[], provenance: Provenance) => Promise<readonly Uint8Array[]>;

/** An image was not marked, and so it must not be stored. */
export class MarkingError extends Error {
  override readonly name = 'MarkingError';
}

interface Waiting {
  readonly resolve: (marked: readonly Uint8Array[]) => void;
  readonly reject: (error: Error) => void;
}

/** Tests run this file from source. Then the thread runs from source too, with the loader of this process. */
const FROM_SOURCE = import.meta.url.endsWith('.ts');
const WORKER_FILE = new URL(FROM_SOURCE ? './markingWorker.ts' : './markingWorker.js', import.meta.url);

/** Rejects with MarkingError. */
export function createMarkingThread(settings: MarkingSettings): MarkImages {
  let thread: Worker | null = null;
  /** In the order of the tasks, which is that of the answers. */
  const waiting: Waiting[] = [];

  function startThread(): Worker {
    const started = new Worker(WORKER_FILE, { workerData: settings });
    started.on('message', (answer: MarkingAnswer) => {
      const next = waiting.shift();
      if (waiting.length === 0) started.unref();
      if ('marked' in answer) next?.resolve(answer.marked);
      else next?.reject(new MarkingError(`an image could not be marked: ${answer.problem}`));
    });
    // It ran out of memory, for instance. The next sample starts another one.
    started.on('error', (error) => {
      thread = null;
      for (const { reject } of waiting.splice(0))
        reject(new MarkingError(`the thread that marks images ended: ${error.message}`, { cause: error }));
    });
    return started;
  }

  return (images, provenance) => {
    const { promise, resolve, reject } = Promise.withResolvers<readonly Uint8Array[]>();
    waiting.push({ resolve, reject });
    thread ??= startThread();
    const task: MarkingTask = { images, provenance };
    // The process stays while an image is marked, and not longer.
    thread.ref();
    thread.postMessage(task);
    return promise;
  };
}
