/** The part of a process that trains: the loop that claims trainings. Each is trained by a child process. */
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config.js';
import type { TrainerConfig } from '../config/trainer.js';
import { StartError } from '../errors.js';
import type { Log } from '../log.js';
import { startTrainer as startTrainerLoop } from '../trainings/trainer/trainerWorker.js';
import type { Defer } from './disposables.js';
import { generator } from './marking.js';
import type { Resources } from './resources.js';

export async function startTrainer(
  { command, threads }: TrainerConfig,
  { dataDirectory, leaseSeconds, limits: { maximumModelBytes }, marking }: Config,
  { storage, store, models }: Resources,
  log: Log,
  defer: Defer,
): Promise<void> {
  requireProgram(command[0] ?? '');
  const directory = join(dataDirectory, 'trainings');
  const bundles = models.all.filter(({ adapter }) => adapter === undefined);
  const trainer = await startTrainerLoop({
    storage,
    store,
    bundles,
    directory,
    command,
    threads,
    leaseSeconds,
    maximumModelBytes,
    generator: marking.kind === 'off' ? undefined : generator(),
    log,
  });
  defer(() => trainer.stop());
}

/** One that is named without a folder is looked for in PATH when it is started. */
function requireProgram(program: string): void {
  if (!program.includes('/')) return;
  try {
    accessSync(program, constants.X_OK);
  } catch {
    throw new StartError(
      `TRAINER_COMMAND: there is no program "${program}"; install the training package as docs/training.md says, or name its defectdiffu-train`,
    );
  }
}
