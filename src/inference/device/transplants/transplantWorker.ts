/** The thread that computes transplants, one after the other. */
import { parentPort } from 'node:worker_threads';
import type { Transplant, TransplantInput } from '../../method/transplant/transplant.js';
import { transplant } from '../../method/transplant/transplant.js';

/** `problem`: why the defect cannot be laid. */
export type TransplantAnswer = { readonly made: Transplant } | { readonly problem: string };

parentPort?.on('message', (input: TransplantInput) => parentPort?.postMessage(answerTo(input)));

function answerTo(input: TransplantInput): TransplantAnswer {
  try {
    return { made: transplant(input) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { problem: error.message };
  }
}
