/** The thread that annotates large masks, one after the other. */
import { parentPort } from 'node:worker_threads';
import type { AnnotationTask } from './annotations.js';
import { annotationsOf } from './annotations.js';

parentPort?.on('message', (task: AnnotationTask) => void answer(task));

/** A mask that cannot be read ends the thread, and so fails the export. */
async function answer(task: AnnotationTask): Promise<void> {
  parentPort?.postMessage(await annotationsOf(task));
}
