/**
 * The devices (DEVICES), their precision (PRECISION), the size of their batches (MAX_ROWS), and their watchdog
 * (DEVICE_SILENCE_SECONDS).
 */
import { StartError } from '../errors.js';
import type { Environment } from './environment.js';
import { integer, oneOf, optionalInteger, text } from './environment.js';

const PRECISIONS = ['fp32', 'fp16', 'int8'] as const;
export type Precision = (typeof PRECISIONS)[number];

export function readDevices(env: Environment): readonly string[] {
  const names = (text(env, 'DEVICES') ?? 'cpu').split(',').map((name) => name.trim());
  for (const name of names) {
    if (!/^(cpu|webgpu|cuda:\d{1,2})$/.test(name)) {
      throw new StartError(`DEVICES: "${name}" is not one of cpu, webgpu, cuda:0, cuda:1 …`);
    }
  }
  if (new Set(names).size < names.length) throw new StartError(`DEVICES: "${names.join(',')}" names a device twice`);
  return names;
}

/** Rows of one evaluation of the denoiser; a sample has two or three. Null: the best number is measured. */
export function readMaximumRows(env: Environment): number | null {
  return optionalInteger(env, 'MAX_ROWS', 1, 10_000);
}

/** How long a busy device worker may send nothing before it is replaced. */
export function readDeviceSilence(env: Environment): number {
  return integer(env, 'DEVICE_SILENCE_SECONDS', 600, 10, 86_400);
}

/** Null selects a suitable precision for each device. */
export function readPrecision(env: Environment): Precision | null {
  const precision = oneOf(env, 'PRECISION', ['auto', ...PRECISIONS] as const, 'auto');
  return precision === 'auto' ? null : precision;
}
