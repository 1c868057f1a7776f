/**
 * Claims exports and writes their archives, one at a time: an export reads many files, and the requests that draw
 * must not wait for it. A notification wakes it at once; it also looks by itself.
 */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { recordPending, removePending, clearPending } from '../artifacts/pendingFiles.js';
import type { ArtifactStore } from '../artifacts/store.js';
import { MissingArtifact, StoreUnavailable, newArtifactKey } from '../artifacts/store.js';
import { ClaimLostError } from '../generations/worker/claimGeneration.js';
import { createWaiters } from '../queue/waiters.js';
import type { Bundle } from '../inference/index.js';
import type { Log } from '../log.js';
import type { Storage } from '../storage/database.js';
import type { ExportFailure } from '../storage/exportJsonColumns.js';
import type { ExportRow } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { forTenant } from '../storage/tenantScope.js';
import { isDatabaseUnavailable } from '../storage/databaseErrors.js';
import { draftPath, writeArchive } from './writeArchive.js';
import type { ExportOutcome } from './claimExport.js';
import {
  EXPORT_CHANNEL,
  claimExport,
  endExport,
  expireExportLeases,
  releaseExport,
  mayRetry,
  renewExportLease,
  retryExport,
  attemptsExhausted,
} from './claimExport.js';

const POLL_MS = 1_000;
/** Progress is told and the lease renewed this often; a lease outlives many. */
const RENEW_MS = 250;
const PAUSE_SECONDS = 15;
const NEW_EXPORT = 'new';

type SucceededExport = Extract<ExportOutcome, { status: 'SUCCEEDED' }> & { archiveKey: string };

export interface ExportWorker {
  /** Claims no more and hands back what it holds; the next one writes it from the start. */
  stop(): Promise<void>;
}

export interface ExportWorkerOptions {
  readonly storage: Storage;
  readonly store: ArtifactStore;
  /** Whose licences the manifest names. */
  readonly bundles: readonly Bundle[];
  readonly leaseSeconds: number;
  readonly version: string;
  readonly log: Log;
}

export async function startExportWorker({
  storage,
  store,
  bundles,
  leaseSeconds,
  version,
  log,
}: ExportWorkerOptions): Promise<ExportWorker> {
  const { database } = storage;
  const owner = randomUUID();
  const waiters = createWaiters();
  const unlisten = await storage.listen(EXPORT_CHANNEL, () => waiters.notify(NEW_EXPORT));
  const waiter = waiters.waiter(NEW_EXPORT);
  const ending = new AbortController();
  if (storage.exclusive) await expireExportLeases(database);

  async function loop(): Promise<void> {
    while (!waiter.closed) {
      const heard = waiter.next(POLL_MS);
      const row = await claimExport(database, owner, leaseSeconds).catch((error: unknown) => {
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
      if (attemptsExhausted(row))
        await endExport(database, owner, row, { status: 'FAILED', failure: tooManyAttempts(row) });
      else await write(row);
      log.info(facts, 'export ended');
    } catch (error) {
      if (error instanceof ClaimLostError) return log.info(facts, 'export lost to another worker');
      await endAttempt(row, error).catch((second: unknown) => {
        // The lease runs out, and the export is taken up again, a bounded number of times.
        log.error({ ...facts, err: second }, 'the end of an attempt was not recorded');
      });
    }
  }

  async function write(row: ExportRow): Promise<void> {
    const scope = forTenant(database, row.tenantId);
    const draft = draftPath(store, owner, row);
    const heart = startHeart(row);
    const signal = AbortSignal.any([ending.signal, heart.lost]);
    try {
      const licenceOf = (model: string) => bundles.find(({ id }) => id === model)?.manifest.license;
      const parts = { scope, row, store, version, licenceOf, signal, onProgress: heart.progressed };
      const { samples, bytes, sha256 } = await writeArchive(parts, draft);
      const archive = { archiveKey: newArtifactKey('zip'), archiveBytes: bytes, archiveSha256: sha256 };
      await publish(scope, row, draft, { status: 'SUCCEEDED', sampleCount: samples, ...archive }, heart);
    } finally {
      await heart.stop();
      await rm(draft, { force: true });
    }
  }

  /** The file is in the store before the row points to it; if the row never does, it does not stay. */
  async function publish(
    scope: TenantScope,
    row: ExportRow,
    draft: string,
    end: SucceededExport,
    heart: { stop(): Promise<void> },
  ): Promise<void> {
    const keys = [end.archiveKey];
    await recordPending(scope, keys);
    try {
      await store.putFile(row.tenantId, end.archiveKey, draft);
      await heart.stop();
      await scope.transaction(async (tx) => {
        await clearPending(tx, keys);
        await endExport(tx.database, owner, row, end);
      });
    } catch (error) {
      await removePending(scope, store, keys, error instanceof StoreUnavailable);
      throw error;
    }
  }

  /** Renews the claim while the archive is written, and tells when it is lost. */
  function startHeart(row: ExportRow) {
    const lost = new AbortController();
    let samples = 0;
    let beating = Promise.resolve();
    const timer = setInterval(() => {
      beating = beating
        .then(() => renewExportLease(database, owner, row, samples, leaseSeconds))
        .catch((error: unknown) => {
          if (error instanceof ClaimLostError) lost.abort(error);
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
    if (ending.signal.aborted) return releaseExport(database, owner, row);
    log.error({ export: row.id, tenant: row.tenantId, err: error }, 'an attempt at an export failed');
    if (isTransient(error)) {
      return releaseExport(database, owner, row, PAUSE_SECONDS);
    }
    const failure = failureReason(error);
    if (mayRetry(row)) await retryExport(database, owner, row, failure);
    else await endExport(database, owner, row, { status: 'FAILED', failure });
  }

  const looping = loop();
  return {
    async stop() {
      ending.abort(new Error('the service ends'));
      waiter.close();
      await looping;
      waiters.closeAll();
      await unlisten();
    },
  };
}

/** There is no room for a draft, or the store or the database is away. */
function isTransient(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return error instanceof StoreUnavailable || isDatabaseUnavailable(error) || ['ENOSPC', 'EDQUOT'].includes(code);
}

function tooManyAttempts({ attempts, failure }: ExportRow): ExportFailure {
  const attempted = `given up after ${String(attempts - 1)} attempts`;
  const message = failure === null ? `${attempted} that ended with the process` : `${attempted}: ${failure.message}`;
  return { code: 'TOO_MANY_ATTEMPTS', message };
}

/** What the tenant is told: enough to act on, nothing of the machine's insides. */
function failureReason(error: unknown): ExportFailure {
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof MissingArtifact)
    return { code: 'EXPORT_FAILED', message: 'a picture of the set could not be read' };
  if (code !== undefined) return { code: 'STORAGE_FAILED', message: 'the archive could not be written' };
  return { code: 'EXPORT_FAILED', message: 'writing the archive failed; the server log says why' };
}
