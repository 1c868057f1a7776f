/** How this process trains, if it does. */
import { fileURLToPath } from 'node:url';
import { StartError } from '../errors.js';
import type { Environment } from './environment.js';
import { integer, text } from './environment.js';

export interface TrainerConfig {
  /** The program and its first arguments. */
  readonly command: readonly string[];
  /** CPU threads of the training; 0 uses all. */
  readonly threads: number;
}

/** Where the installation in CONTRIBUTING.md puts it. */
const USUAL = fileURLToPath(new URL('../../training/.venv/bin/defectdiffu-train', import.meta.url));

/** Undefined if this process does not train: it always does with ROLE=trainer, and with ROLE=all if TRAINER_COMMAND is set. */
export function readTrainer(env: Environment, role: string): TrainerConfig | undefined {
  const given = text(env, 'TRAINER_COMMAND');
  const threads = integer(env, 'TRAINER_THREADS', 0, 0, 1024);
  if (role === 'trainer') return { command: given?.split(/\s+/) ?? [USUAL], threads };
  if (given === undefined) return undefined;
  if (role !== 'all')
    throw new StartError(`TRAINER_COMMAND: "${role}" does not train; start a process with ROLE=trainer`);
  return { command: given.split(/\s+/), threads };
}
