/** What draws: DEVICES; and how much of it at a time: MAX_ROWS. */
import { StartError } from '../errors.js';
import type { Environment } from './reading.js';
import { optionalInteger, text } from './reading.js';

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

/** Rows of one evaluation of the denoiser, a sample has two or three. Null: what pays is measured. */
export function readMaximumRows(env: Environment): number | null {
  return optionalInteger(env, 'MAX_ROWS', 1, 10_000);
}
