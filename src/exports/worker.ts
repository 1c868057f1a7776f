/**
 * Claims exports and writes their archives, one at a time: an export reads many files, and the requests that draw
 * must not wait for it. A notification wakes it at once; it also looks by itself.
 */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { ArtifactStore } from '../artifacts/store.js';
import { ClaimLost } from '../generations/queue.js';
import { createWakeups } from '../generations/wakeups.js';
import type { InferencePool } from '../inference/index.js';
import type { Log } from '../log.js';
import type { Storage } from '../storage/database.js';
import type { ExportFailure } from '../storage/exportRecords.js';
import type { ExportRow } from '../storage/tables.js';
import { forTenant } from '../storage/tenantScope.js';
import { draftOf, writeArchive } from './archive.js';
import {
  EXPORT_CHANNEL,
  claimExport,
  endExport,
  expireExportLeases,
  handBackExport,
  mayTryAgain,
  renewExport,
  retryExport,
  triedTooOften,
} from './queue.js';

const POLL_MS = 1_000;
/** Progress is told and the lease renewed this often; a lease outlives many. */
const RENEW_MS = 250;
const PAUSE_MS = 15_000;
const NEW_EXPORT = 'new';

export interface ExportWorker {
  /** Claims no more and hands back what it holds; the next one writes it from the start. */
  stop(): Promise<void>;
}

export interface ExportWorkerParts {
  readonly storage: Storage;
  readonly store: ArtifactStore;
  readonly pool: InferencePool;
  readonly version: string;
  readonly log: Log;
}

export async function startExportWorker({
  storage,
  store,
  pool,
  version,
  log,
}: ExportWorkerParts): Promise<ExportWorker> {
  const { database } = storage;
  const owner = randomUUID();
  const wakeups = createWakeups();
  const unlisten = await storage.listen(EXPORT_CHANNEL, () => wakeups.ring(NEW_EXPORT));
  const bell = wakeups.bell(NEW_EXPORT);
  const ending = new AbortController();
  if (storage.exclusive) await expireExportLeases(database);

  async function loop(): Promise<void> {
    while (!bell.closed) {
      const heard = bell.next(POLL_MS);
      const row = await claimExport(database, owner).catch((error: unknown) => {
        log.error({ err: error }, 'claiming an export failed');
        return undefined;
      });
      if (row === undefined) await heard;
      else await carry(row);
    }
  }

  async function carry(row: ExportRow): Promise<void> {
    const facts = { export: row.id, tenant: row.tenantId, samples: row.sampleCount, attempt: row.attempts };
    log.info(facts, 'export claimed');
    try {
      if (triedTooOften(row)) await endExport(database, owner, row, { status: 'FAILED', failure: tooOften(row) });
      else await write(row);
      log.info(facts, 'export ended');
    } catch (error) {
      if (error instanceof ClaimLost) return log.info(facts, 'export lost to another worker');
      await endAttempt(row, error).catch((second: unknown) => {
        // The lease runs out, and the export is taken up again, a bounded number of times.
        log.error({ ...facts, err: second }, 'the end of an attempt was not recorded');
      });
    }
  }

  async function write(row: ExportRow): Promise<void> {
    const scope = forTenant(database, row.tenantId);
    const draft = draftOf(store, owner, row);
    const heart = startHeart(row);
    const signal = AbortSignal.any([ending.signal, heart.lost]);
    try {
      const licenceOf = (model: string) => pool.bundles.find(({ id }) => id === model)?.manifest.license;
      const parts = { scope, row, store, version, licenceOf, signal, progressed: heart.progressed };
      const { samples, bytes, sha256 } = await writeArchive(parts, draft);
      const key = await store.putFile(row.tenantId, 'zip', draft);
      await heart.stop();
      const archive = { archiveKey: key, archiveBytes: bytes, archiveSha256: sha256 };
      await endExport(database, owner, row, { status: 'SUCCEEDED', sampleCount: samples, ...archive }).catch(
        async (error: unknown) => {
          await store.remove(row.tenantId, key);
          throw error;
        },
      );
    } finally {
      await heart.stop();
      await rm(draft, { force: true });
    }
  }

  /** Renews the claim while the archive is written, and tells when it is lost. */
  function startHeart(row: ExportRow) {
    const lost = new AbortController();
    let samples = 0;
    let beating = Promise.resolve();
    const timer = setInterval(() => {
      beating = beating
        .then(() => renewExport(database, owner, row, samples))
        .catch((error: unknown) => {
          if (error instanceof ClaimLost) lost.abort(error);
        });
    }, RENEW_MS);
    return {
      lost: lost.signal,
      progressed: (done: number) => (samples = done),
      async stop() {
        clearInterval(timer);
        await beating;
      },
    };
  }

  async function endAttempt(row: ExportRow, error: unknown): Promise<void> {
    if (ending.signal.aborted) return handBackExport(database, owner, row);
    log.error({ export: row.id, tenant: row.tenantId, err: error }, 'an attempt at an export failed');
    if (isFull(error)) {
      await handBackExport(database, owner, row);
      log.error(`the disk is full; no export is claimed for ${String(PAUSE_MS / 1000)} s`);
      return bell.next(PAUSE_MS);
    }
    const failure = reasonOf(error);
    if (mayTryAgain(row)) await retryExport(database, owner, row, failure);
    else await endExport(database, owner, row, { status: 'FAILED', failure });
  }

  const looping = loop();
  return {
    async stop() {
      ending.abort(new Error('the service ends'));
      bell.close();
      await looping;
      wakeups.closeAll();
      await unlisten();
    },
  };
}

function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
}

function tooOften({ attempts, failure }: ExportRow): ExportFailure {
  const attempted = `given up after ${String(attempts - 1)} attempts`;
  const message = failure === null ? `${attempted} that ended with the process` : `${attempted}: ${failure.message}`;
  return { code: 'TOO_MANY_ATTEMPTS', message };
}

/** What the tenant is told: enough to act on, nothing of the machine's insides. */
function reasonOf(error: unknown): ExportFailure {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return { code: 'EXPORT_FAILED', message: 'a picture of the set could not be read' };
  if (code !== undefined) return { code: 'STORAGE_FAILED', message: 'the archive could not be written' };
  return { code: 'EXPORT_FAILED', message: 'writing the archive failed; the server log says why' };
}
