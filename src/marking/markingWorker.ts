/** The thread that marks images, one sample after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { markImages } from './mark.js';
import type { Generator, Provenance } from './provenance.js';
import type { SigningPems } from './signer.js';
import { createSigner } from './signer.js';

export interface MarkingSettings {
  readonly generator: Generator;
  /** Null: no C2PA manifest. */
  readonly signing: SigningPems | null;
}

export interface MarkingTask {
  readonly images: readonly Uint8Array[];
  readonly provenance: Provenance;
}

export type MarkingAnswer = { readonly marked: readonly Uint8Array[] } | { readonly problem: string };

const { generator, signing } = workerData as MarkingSettings;
const signer = signing === null ? null : createSigner(signing);
/** Answers have the order of the tasks. */
let last: Promise<void> = Promise.resolve();

parentPort?.on('message', (task: MarkingTask) => {
  last = last.then(async () => parentPort?.postMessage(await answerTo(task)));
});

async function answerTo({ images, provenance }: MarkingTask): Promise<MarkingAnswer> {
  try {
    return { marked: await markImages(images, generator, provenance, signer) };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}
