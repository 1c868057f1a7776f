/**
 * Annotates the masks of one export. Those of photographs can have 40 megapixels, which take seconds, and requests must
 * not wait for them: they are annotated on a thread, which starts with the first of them and ends with the export.
 */
import { Worker } from 'node:worker_threads';
import type { Annotation, AnnotationTask } from './annotations.js';
import { annotationsOf } from './annotations.js';

/** A smaller mask takes a few milliseconds. */
const SMALL_PIXELS = 256 * 256;
/** A mask of noise has millions of regions. It must not take the memory of the process. */
const LIMITS = { maxOldGenerationSizeMb: 512 };

/** Tests run this file from source. Then the thread runs from source too; the loader maps its imports. */
const FROM_SOURCE = import.meta.url.endsWith('.ts');
const WORKER_FILE = new URL(FROM_SOURCE ? './annotationsWorker.ts' : './annotationsWorker.js', import.meta.url);
const LOADER = new URL('../inference/device/typescriptLoader.ts', import.meta.url).href;
const OPTIONS = { resourceLimits: LIMITS, ...(FROM_SOURCE && { execArgv: ['--import', LOADER] }) };

/** The regions of a mask do not fit into memory. */
export class AnnotationError extends Error {
  override readonly name = 'AnnotationError';
}

export interface Annotator {
  /** One mask at a time. @throws AnnotationError */
  annotate(task: AnnotationTask, pixels: number): Promise<readonly Annotation[]>;
  close(): Promise<void>;
}

export function createAnnotator(): Annotator {
  let thread: Worker | undefined;

  function onThread(task: AnnotationTask): Promise<readonly Annotation[]> {
    const worker = (thread ??= new Worker(WORKER_FILE, OPTIONS));
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        thread = undefined;
        reject(new AnnotationError(`a mask could not be annotated: ${error.message}`, { cause: error }));
      };
      worker.once('error', fail);
      worker.once('message', (annotations: readonly Annotation[]) => {
        worker.off('error', fail);
        resolve(annotations);
      });
      worker.postMessage(task);
    });
  }

  return {
    annotate: (task, pixels) => (pixels <= SMALL_PIXELS ? annotationsOf(task) : onThread(task)),
    async close() {
      await thread?.terminate();
    },
  };
}
