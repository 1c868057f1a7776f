/**
 * Writes the archives of exports, few at a time: an export reads many files, and requests that generate must not wait for
 * it. One tenant's large export leaves room for another tenant's small one.
 */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { clearPending, recordPending, removePending } from '../artifacts/pendingFiles.js';
import type { ArtifactStore } from '../artifacts/store.js';
import { StoreUnavailable, newArtifactKey } from '../artifacts/store.js';
import type { Bundle } from '../inference/index.js';
import type { Log } from '../log.js';
import { modelsOf } from '../models/modelRepository.js';
import { ClaimLostError } from '../queue/lease.js';
import type { WorkerLoop } from '../queue/workerLoop.js';
import { startWorkerLoop } from '../queue/workerLoop.js';
import type { Storage } from '../storage/database.js';
import type { ExportFailure } from '../storage/exportJsonColumns.js';
import type { ExportRow } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { forTenant } from '../storage/tenantScope.js';
import { isDatabaseUnavailable } from '../storage/databaseErrors.js';
import type { ExportOutcome } from './claimExport.js';
import {
  EXPORT_CHANNEL,
  attemptsExhausted,
  claimExport,
  endExport,
  exportLease,
  mayRetry,
  releaseExport,
  renewExportLease,
  retryExport,
} from './claimExport.js';
import { DamagedImage } from './readImage.js';
import type { LicenceOf } from './exportManifest.js';
import { draftPath, writeArchive } from './writeArchive.js';

/** How often progress is recorded and the lease renewed; a lease outlives many of these. */
const HEARTBEAT_MS = 250;
const RETRY_SECONDS = 15;
/** One of each tenant. */
const CONCURRENCY = 2;

type SucceededExport = Extract<ExportOutcome, { status: 'SUCCEEDED' }> & { archiveKey: string };

export interface ExportWorkerOptions {
  readonly storage: Storage;
  readonly store: ArtifactStore;
  /** The bundles whose licences the manifest names. */
  readonly bundles: readonly Bundle[];
  readonly leaseSeconds: number;
  readonly version: string;
  readonly log: Log;
}

/** An export that is not finished at a stop is released, and another worker writes it from the start. */
export function startExportWorker(options: ExportWorkerOptions): Promise<WorkerLoop> {
  const { storage, store, bundles, leaseSeconds, version, log } = options;
  const { database } = storage;
  const owner = randomUUID();
  const samplesWritten = new Map<string, number>();

  async function run(row: ExportRow, signal: AbortSignal): Promise<void> {
    log.info(logContext(row), 'export claimed');
    if (attemptsExhausted(row))
      await endExport(forTenant(database, row.tenantId), owner, row, {
        status: 'FAILED',
        failure: tooManyAttempts(row),
      });
    else await write(row, signal);
    log.info(logContext(row), 'export ended');
  }

  async function write(row: ExportRow, signal: AbortSignal): Promise<void> {
    const scope = forTenant(database, row.tenantId);
    const draft = draftPath(store, owner, row);
    const licenceOf: LicenceOf = async (model, ownId) =>
      ownId === undefined
        ? bundles.find(({ id }) => id === model)?.manifest.license
        : (await modelsOf(scope).byId(ownId))?.manifest.license;
    const onProgress = (samples: number): void => void samplesWritten.set(row.id, samples);
    try {
      const archive = await writeArchive({ scope, row, store, version, licenceOf, signal, onProgress }, draft);
      if (archive.skipped.length > 0)
        log.error(
          { ...logContext(row), skipped: archive.skipped },
          'stored pictures are damaged; an export left them out',
        );
      await publish(scope, row, draft, {
        status: 'SUCCEEDED',
        sampleCount: archive.samples,
        photographCount: archive.photographs,
        archiveKey: newArtifactKey('zip'),
        archiveBytes: archive.bytes,
        archiveSha256: archive.sha256,
      });
    } finally {
      samplesWritten.delete(row.id);
      await rm(draft, { force: true });
    }
  }

  /** The file is in the store before the row points to it. If the row never does, the file is removed. */
  async function publish(scope: TenantScope, row: ExportRow, draft: string, outcome: SucceededExport): Promise<void> {
    const keys = [outcome.archiveKey];
    await recordPending(scope, keys);
    try {
      await store.putFile(row.tenantId, outcome.archiveKey, draft);
      await scope.transaction(async (tx) => {
        await clearPending(tx, keys);
        await endExport(tx, owner, row, outcome);
      });
    } catch (error) {
      await removePending(scope, store, keys, error instanceof StoreUnavailable);
      throw error;
    }
  }

  async function renew(rows: readonly ExportRow[]): Promise<ReadonlySet<string>> {
    const held = new Set<string>();
    for (const row of rows) {
      try {
        await renewExportLease(database, owner, row, samplesWritten.get(row.id) ?? 0, leaseSeconds);
        held.add(row.id);
      } catch (error) {
        if (!(error instanceof ClaimLostError)) throw error;
      }
    }
    return held;
  }

  async function fail(row: ExportRow, error: unknown): Promise<void> {
    log.error({ export: row.id, tenant: row.tenantId, err: error }, 'an attempt at an export failed');
    if (isTransient(error)) return releaseExport(database, owner, row, RETRY_SECONDS);
    const failure = failureReason(error);
    if (mayRetry(row)) await retryExport(database, owner, row, failure);
    else await endExport(forTenant(database, row.tenantId), owner, row, { status: 'FAILED', failure });
  }

  return startWorkerLoop<ExportRow>({
    name: 'export',
    storage,
    log,
    channel: EXPORT_CHANNEL,
    lease: exportLease,
    holder: { owner, leaseSeconds },
    heartbeatMs: HEARTBEAT_MS,
    capacity: (running) => CONCURRENCY - running.length,
    async claim(_most, running) {
      const tenants = running.map(({ tenantId }) => tenantId);
      const row = await claimExport(database, owner, leaseSeconds, tenants);
      return row === undefined ? [] : [row];
    },
    idOf: ({ id }) => id,
    logContext,
    run,
    renew,
    release: (row) => releaseExport(database, owner, row),
    fail,
  });
}

function logContext({ id, tenantId, sampleCount, attempts }: ExportRow): object {
  return { export: id, tenant: tenantId, samples: sampleCount, attempt: attempts };
}

/** There is no room for a draft, or the store or the database is unavailable. */
function isTransient(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return error instanceof StoreUnavailable || isDatabaseUnavailable(error) || ['ENOSPC', 'EDQUOT'].includes(code);
}

function tooManyAttempts({ attempts, failure }: ExportRow): ExportFailure {
  const attempted = `given up after ${String(attempts - 1)} attempts`;
  const message = failure === null ? `${attempted} that ended with the process` : `${attempted}: ${failure.message}`;
  return { code: 'TOO_MANY_ATTEMPTS', message };
}

/** What the tenant is told: enough to act on, without details of the machine. */
function failureReason(error: unknown): ExportFailure {
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof DamagedImage) return { code: 'EXPORT_FAILED', message: error.message };
  if (code !== undefined) return { code: 'STORAGE_FAILED', message: 'the archive could not be written' };
  return { code: 'EXPORT_FAILED', message: 'writing the archive failed; the server log says why' };
}
