/** The lines that a training writes to its standard output; their contract is models/training-line.schema.json. */
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import type { PairNames, TrainingProgress, TrainingVerdict } from '../../storage/trainingJsonColumns.js';

/** Raised when a reader of the old format would misread the new one. */
export const FORMAT_VERSION = 1;

export type TrainingLine =
  | { readonly type: 'begin'; readonly formatVersion: number; readonly codeVersion: string }
  | ({ readonly type: 'phase' } & TrainingProgress)
  | { readonly type: 'warning' | 'note'; readonly message: string }
  | {
      readonly type: 'imageGrid';
      readonly path: string;
      readonly step: number;
      readonly pairs: readonly PairNames[];
    }
  | ({ readonly type: 'verdict' } & TrainingVerdict)
  | { readonly type: 'model'; readonly folder: string; readonly step: number; readonly samplesSeen: number }
  | {
      readonly type: 'error';
      readonly code: 'REQUEST_INVALID' | 'DATA_INVALID' | 'OUT_OF_TIME' | 'LOSS_NOT_FINITE';
      readonly message: string;
    };

/** The trainer's command wrote what the contract does not allow. */
export class LineError extends Error {
  override readonly name = 'LineError';
}

/** Throws `LineError`. */
export function createLineParser(): (text: string) => TrainingLine {
  const url = new URL('../../../models/training-line.schema.json', import.meta.url);
  const isLine = new Ajv({ strict: false }).compile<TrainingLine>(JSON.parse(readFileSync(url, 'utf8')) as object);
  return (text) => {
    let line: unknown;
    try {
      line = JSON.parse(text);
    } catch {
      throw new LineError(`a line is not JSON: ${text.slice(0, 200)}`);
    }
    if (isLine(line)) return line;
    throw new LineError(`a line does not fit the contract: ${text.slice(0, 200)}`);
  };
}
