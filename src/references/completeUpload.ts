/**
 * Turns a received body into a reference or a region mask. As with samples, the file is durable before the rows that
 * name it are committed together; a refused body leaves nothing behind. The same body again gets the same answer.
 * Another body for a completed upload is a conflict.
 */
import { readFile } from 'node:fs/promises';
import { removePending } from '../artifacts/pendingFiles.js';
import type { ArtifactStore } from '../artifacts/store.js';
import type { NewArtifact } from '../artifacts/writeArtifacts.js';
import { writeArtifacts } from '../artifacts/writeArtifacts.js';
import { ServiceError } from '../errors.js';
import type { UploadRow } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { photographHash, readMask, requireSameSize } from './decodedFiles.js';
import { masksOf } from './masks.js';
import type { Pixels } from './decodeImage.js';
import { decodePhotograph, encodePng, hashOf } from './decodeImage.js';
import { decodingWeight } from './decodingWeight.js';
import { referencesOf } from './references.js';
import type { FairSemaphore } from '../fairSemaphore.js';
import type { UploadOutcome } from './uploads.js';
import { uploadsOf } from './uploads.js';

export interface UploadContext {
  readonly scope: TenantScope;
  readonly store: ArtifactStore;
  /** Limits concurrent decoding, by the pixels in hand: a decoded image takes up to 120 MB, several times over. */
  readonly decoding: FairSemaphore;
  /** Runs in the transaction that inserts the file. Throws when the tenant has no storage left for it. */
  requireStorage(tx: TenantScope, bytes: number): Promise<void>;
}

export interface Body {
  readonly path: string;
  /** SHA-256, hexadecimal. */
  readonly hash: string;
}

/** A decoded body, with how it is stored. */
interface DecodedUpload {
  readonly pixels: Pixels;
  isKnown(scope: TenantScope): Promise<boolean>;
  keep(tx: TenantScope, file: NewArtifact | undefined): Promise<{ outcome: UploadOutcome; artifactKey: string }>;
}

/** Throws `ServiceError`: NOT_FOUND, UPLOAD_CONFLICT, UPLOAD_EXHAUSTED, RATE_LIMITED, and the errors of `decodeImage.ts` and `maskArea.ts`. */
export async function completeUpload(receiving: UploadContext, id: string, body: Body): Promise<UploadRow> {
  const { scope, decoding } = receiving;
  const upload = await uploadsOf(scope).require(id);
  if (upload.completedAt !== null) return repeatCompletion(upload, body);
  return uploadsOf(scope).attempt(id, async () =>
    decoding.run(scope.tenantId, await decodingWeight(body.path), async () => {
      const bytes = await readFile(body.path);
      const decoded = await (upload.productId === null ? mask(bytes) : photograph(scope, bytes, upload));
      return persistOnce(receiving, id, body, decoded);
    }),
  );
}

export function repeatCompletion(upload: UploadRow, { hash }: Body): UploadRow {
  if (upload.bodyHash === hash) return upload;
  throw new ServiceError(
    'UPLOAD_CONFLICT',
    `id: upload ${upload.id} was completed with other bytes; create a new upload for another file`,
    { field: 'id' },
  );
}

async function photograph(scope: TenantScope, bytes: Buffer, upload: UploadRow): Promise<DecodedUpload> {
  const { name, defectId, defectMaskId: maskId, createdBy } = upload;
  const productId = upload.productId ?? '';
  const pixels = await decodePhotograph(bytes);
  const { width, height } = pixels;
  if (maskId !== null) requireSameSize(pixels, await masksOf(scope).require(maskId));
  const pixelHash = await hashOf(pixels);
  const hash = photographHash(pixelHash, { defectId, maskId });
  const reference = { productId, name, hash, pixelHash, width, height, defectId, maskId, createdBy };
  return {
    pixels,
    isKnown: async (tenant) => (await referencesOf(tenant).withHash(productId, hash)) !== undefined,
    async keep(tx, file) {
      const { id, artifactKey } = await referencesOf(tx).findOrCreate(reference, file);
      return { artifactKey, outcome: { referenceId: id } };
    },
  };
}

async function mask(bytes: Buffer): Promise<DecodedUpload> {
  const { pixels, mask } = await readMask(bytes);
  return {
    pixels,
    isKnown: async (scope) => (await masksOf(scope).withHash(mask.hash)) !== undefined,
    async keep(tx, file) {
      const { id, artifactKey } = await masksOf(tx).findOrCreate(mask, file);
      return { artifactKey, outcome: { maskId: id } };
    },
  };
}

/** Writes the file only for new pixels, and removes it again if another file was committed. */
async function persistOnce(
  { scope, store, requireStorage }: UploadContext,
  id: string,
  body: Body,
  decoded: DecodedUpload,
): Promise<UploadRow> {
  const committed = (file?: NewArtifact) =>
    scope.transaction(async (tx) => {
      if (file !== undefined) await requireStorage(tx, file.bytes);
      return record(tx, id, body, decoded, file);
    });
  if (await decoded.isKnown(scope)) return (await committed()).upload;
  const { width, height } = decoded.pixels;
  const png = await encodePng(decoded.pixels);
  return writeArtifacts(scope, store, [{ png, width, height }], async ([file]) => {
    const { upload, artifactKey } = await committed(file);
    if (file !== undefined && artifactKey !== file.key) await removePending(scope, store, [file.key]);
    return upload;
  });
}

async function record(tx: TenantScope, id: string, body: Body, decoded: DecodedUpload, file: NewArtifact | undefined) {
  const uploads = uploadsOf(tx);
  const upload = await uploads.requireForUpdate(id);
  if (upload.completedAt !== null) return { upload: repeatCompletion(upload, body), artifactKey: undefined };
  const { outcome, artifactKey } = await decoded.keep(tx, file);
  return { upload: await uploads.complete(id, body.hash, outcome), artifactKey };
}
