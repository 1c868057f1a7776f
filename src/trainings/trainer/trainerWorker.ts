/**
 * Claims trainings, one at a time, and lets a child process train each of them. A training that is not finished at a stop, or whose
 * child or trainer is killed, is continued by the next attempt with the checkpoints that lie in its folder, if it is on this machine.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactStore } from '../../artifacts/store.js';
import { MissingArtifact, StoreUnavailable } from '../../artifacts/store.js';
import type { Bundle } from '../../inference/index.js';
import type { Log } from '../../log.js';
import type { Generator } from '../../marking/provenance.js';
import type { WorkerLoop } from '../../queue/workerLoop.js';
import { startWorkerLoop } from '../../queue/workerLoop.js';
import type { Storage } from '../../storage/database.js';
import { isDatabaseUnavailable } from '../../storage/databaseErrors.js';
import type { TrainingRow } from '../../storage/tables.js';
import type { TenantScope } from '../../storage/tenantScope.js';
import { forTenant } from '../../storage/tenantScope.js';
import type { TrainingFailure } from '../../storage/trainingJsonColumns.js';
import {
  attemptsExhausted,
  claimTraining,
  mayRetry,
  releaseTraining,
  retryTraining,
  trainingLease,
  updateTraining,
} from '../claimTraining.js';
import { registerTrainer } from '../trainerRegistry.js';
import { canceledId } from '../../queue/signals.js';
import { TRAINING_CHANNEL } from '../trainingEvents.js';
import { MissingBase, baseFolder } from './baseFolder.js';
import { removeFoldersOfEnded } from './folders.js';
import { createReporter } from './reporter.js';
import { sourceOf } from './trainingSource.js';
import type { TrainingLine } from './trainingLine.js';
import { LineError, createLineParser } from './trainingLine.js';
import { runTraining } from './trainingProcess.js';
import { trainingRequest } from './trainingRequest.js';
import { UntrainableName, writeDataSet } from './writeDataSet.js';

const HEARTBEAT_MS = 1_000;
const RETRY_SECONDS = 15;

export interface TrainerOptions {
  readonly storage: Storage;
  readonly store: ArtifactStore;
  /** Those of the operator. */
  readonly bundles: readonly Bundle[];
  /** Of all trainings. Each has a folder in it. */
  readonly directory: string;
  /** The program and its first arguments. */
  readonly command: readonly string[];
  /** CPU threads of the child; 0 uses all. */
  readonly threads: number;
  readonly leaseSeconds: number;
  /** Of a bundle that a training makes. */
  readonly maximumModelBytes: number;
  /** The program that image grids are marked with. Undefined: they are not marked. */
  readonly generator: Generator | undefined;
  readonly log: Log;
}

export async function startTrainer(options: TrainerOptions): Promise<WorkerLoop> {
  const { storage, store, bundles, directory, command, threads, leaseSeconds, maximumModelBytes, log } = options;
  const { database } = storage;
  const owner = randomUUID();
  const parse = createLineParser();

  async function run(row: TrainingRow, signal: AbortSignal): Promise<void> {
    log.info(logContext(row), 'training claimed');
    const scope = forTenant(database, row.tenantId);
    if (attemptsExhausted(row)) await end(scope, row, tooManyAttempts(row));
    else await train(scope, row, signal);
    await removeFolder(row);
    log.info(logContext(row), 'training ended');
  }

  async function train(scope: TenantScope, row: TrainingRow, signal: AbortSignal): Promise<void> {
    const { id, attempts } = row;
    await updateTraining(scope, owner, id, {}, { type: 'TrainingStarted', attempt: attempts });
    const source = await sourceOf(scope, row.dataSetId);
    if (source === undefined) return end(scope, row, { code: 'TRAINING_REFUSED', message: 'the data set was deleted' });
    const folder = join(directory, id);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const base = await baseFolder({ scope, store, bundles }, row.base, folder);
    await writeDataSet(scope, store, row.dataSetId, join(folder, 'data'), signal);
    const request = join(folder, 'request.json');
    await writeFile(request, JSON.stringify(trainingRequest(row, base, source, folder, threads)));
    const report = createReporter({
      scope,
      store,
      owner,
      row,
      folder,
      maximumModelBytes,
      generator: options.generator,
    });
    const process = { command, threads, parse, log: log.child(logContext(row)) };
    let last: TrainingLine['type'] | undefined;
    for await (const line of runTraining(process, ['--request', request, '--run', join(folder, 'run')], signal)) {
      await report(line);
      last = line.type;
    }
    if (last !== 'model' && last !== 'error') throw new LineError(`the last line is ${String(last)}, must be an end`);
  }

  async function end(scope: TenantScope, { id }: TrainingRow, failure: TrainingFailure): Promise<void> {
    const changes = { status: 'FAILED' as const, failure, finishedAt: new Date() };
    await updateTraining(scope, owner, id, changes, { type: 'TrainingFailed', failure });
  }

  async function fail(row: TrainingRow, error: unknown): Promise<void> {
    log.error({ ...logContext(row), err: error }, 'an attempt at a training failed');
    if (isTransient(error)) return releaseTraining(database, owner, row.id, RETRY_SECONDS);
    const failure = failureReason(error);
    if (mayRetry(row) && !isLasting(error)) return retryTraining(database, owner, row, failure);
    await end(forTenant(database, row.tenantId), row, failure);
    await removeFolder(row);
  }

  const removeFolder = ({ id }: TrainingRow): Promise<void> =>
    rm(join(directory, id), { recursive: true, force: true });

  await mkdir(directory, { recursive: true, mode: 0o700 });
  await removeFoldersOfEnded(database, directory);
  const unregister = await registerTrainer(database, log);
  const loop = await startWorkerLoop<TrainingRow>({
    name: 'training',
    storage,
    log,
    channel: TRAINING_CHANNEL,
    onNotification: (payload, isRunning) => {
      const canceled = canceledId(payload);
      if (canceled === '') return 'CLAIM';
      return isRunning(canceled) ? 'RENEW' : undefined;
    },
    lease: trainingLease,
    holder: { owner, leaseSeconds },
    heartbeatMs: HEARTBEAT_MS,
    capacity: (running) => 1 - running.length,
    async claim() {
      // Also while others wait: each folder has all photographs of a data set.
      await removeFoldersOfEnded(database, directory).catch((error: unknown) => {
        log.warn({ err: error }, 'the folders of ended trainings were not removed');
      });
      const row = await claimTraining(database, { owner, leaseSeconds });
      return row === undefined ? [] : [row];
    },
    idOf: ({ id }) => id,
    logContext,
    run,
    release: ({ id }) => releaseTraining(database, owner, id),
    fail,
  });
  return {
    async stop() {
      await loop.stop();
      await unregister();
    },
  };
}

function logContext({ id, tenantId, attempts }: TrainingRow): object {
  return { training: id, tenant: tenantId, attempt: attempts };
}

/** The disk is full, or the store or the database is unavailable. */
function isTransient(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return error instanceof StoreUnavailable || isDatabaseUnavailable(error) || ['ENOSPC', 'EDQUOT'].includes(code);
}

function tooManyAttempts({ attempts, failure }: TrainingRow): TrainingFailure {
  const attempted = `given up after ${String(attempts - 1)} attempts`;
  const message = failure === null ? `${attempted} that ended with their process` : `${attempted}: ${failure.message}`;
  return { code: 'TOO_MANY_ATTEMPTS', message };
}

/** Another attempt would find the same. */
function isLasting(error: unknown): boolean {
  return error instanceof MissingArtifact || error instanceof UntrainableName || error instanceof MissingBase;
}

/** What the tenant is told: enough to act on, without details of the machine. */
function failureReason(error: unknown): TrainingFailure {
  if (error instanceof MissingArtifact)
    return { code: 'STORAGE_FAILED', message: 'a photograph of the data set is lost; make a new version without it' };
  if (error instanceof UntrainableName || error instanceof MissingBase)
    return { code: 'TRAINING_REFUSED', message: error.message };
  return { code: 'TRAINING_FAILED', message: 'the training process ended before its time; the trainer log says why' };
}
