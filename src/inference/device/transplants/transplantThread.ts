/**
 * Computes transplants on a thread of their own. One takes a tenth of a second, of a large photograph several seconds, and the denoising
 * loop must not wait for it. The thread starts with the first transplant.
 */
import { Worker } from 'node:worker_threads';
import { InferenceError } from '../../errors.js';
import type { Transplant } from '../../method/transplant/transplant.js';
import type { TransplantAnswer, TransplantTask } from './transplantWorker.js';

/** Tests run this file from source. Then the thread runs from source too, with the loader of this process. */
const FROM_SOURCE = import.meta.url.endsWith('.ts');
const WORKER_FILE = new URL(FROM_SOURCE ? './transplantWorker.ts' : './transplantWorker.js', import.meta.url);

interface Waiting {
  readonly resolve: (made: Transplant) => void;
  readonly reject: (error: Error) => void;
}

let thread: Worker | null = null;
/** In the order of the requests, which is that of the answers. */
const waiting: Waiting[] = [];

/** @throws InferenceError when the defect has no place. */
export function transplantOnThread(task: TransplantTask): Promise<Transplant> {
  const { promise, resolve, reject } = Promise.withResolvers<Transplant>();
  waiting.push({ resolve, reject });
  thread ??= startThread();
  thread.postMessage(task);
  return promise;
}

function startThread(): Worker {
  const started = new Worker(WORKER_FILE);
  started.on('message', (answer: TransplantAnswer) => {
    const next = waiting.shift();
    if ('made' in answer) next?.resolve(answer.made);
    else next?.reject(new InferenceError(answer.problem));
  });
  // It ran out of memory, for instance. The next transplant starts another one.
  started.on('error', (error) => {
    thread = null;
    for (const { reject } of waiting.splice(0))
      reject(new InferenceError(`the thread of transplants ended: ${error.message}`, { cause: error }));
  });
  started.unref();
  return started;
}
