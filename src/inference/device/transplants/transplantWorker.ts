/** The thread that computes transplants, one after the other. */
import { parentPort } from 'node:worker_threads';
import type { CutPasteInput } from '../../method/transplant/cutPaste.js';
import { cutPaste } from '../../method/transplant/cutPaste.js';
import type { Transplant, TransplantInput } from '../../method/transplant/transplant.js';
import { transplant } from '../../method/transplant/transplant.js';

export type TransplantTask = { readonly defect: TransplantInput } | { readonly patch: CutPasteInput };

/** `problem`: why the defect cannot be laid. */
export type TransplantAnswer = { readonly made: Transplant } | { readonly problem: string };

parentPort?.on('message', (task: TransplantTask) => parentPort?.postMessage(answerTo(task)));

function answerTo(task: TransplantTask): TransplantAnswer {
  try {
    return { made: 'defect' in task ? transplant(task.defect) : cutPaste(task.patch) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { problem: error.message };
  }
}
