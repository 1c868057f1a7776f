/**
 * A received body becomes a reference or a region mask. As with samples, the file is durable before the rows that
 * point to it are committed together; a body that is refused leaves nothing behind. The same body again gets the
 * same answer, another body for a completed upload is a conflict.
 */
import { readFile } from 'node:fs/promises';
import type { ArtifactStore } from '../artifacts/store.js';
import { ServiceError } from '../errors.js';
import type { ArtifactRow, UploadRow } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { extentOf } from '../inference/index.js';
import { areaOf } from './binary.js';
import { masksOf } from './masks.js';
import type { Pixels } from './normalise.js';
import { encodePng, greyPixels, hashOf, photographPixels } from './normalise.js';
import { referencesOf } from './references.js';
import type { Turns } from './turns.js';
import type { Outcome } from './uploads.js';
import { uploadsOf } from './uploads.js';

export interface Receiving {
  readonly scope: TenantScope;
  readonly store: ArtifactStore;
  /** A decoded picture takes up to 120 MB, several times over: only so many are decoded at a time. */
  readonly decoding: Turns;
}

export interface Body {
  readonly path: string;
  /** SHA-256, hex. */
  readonly hash: string;
}

/** What a body has turned out to be, and where it belongs. */
interface Picture {
  readonly pixels: Pixels;
  isKnown(scope: TenantScope): Promise<boolean>;
  keep(tx: TenantScope, file: File | undefined): Promise<{ outcome: Outcome; artifactKey: string }>;
}

const WHITE = 255;

type File = Omit<ArtifactRow, 'tenantId'>;

/** Throws `ServiceError`: NOT_FOUND, UPLOAD_CONFLICT, and what `normalise.ts` and `binary.ts` refuse. */
export async function completeUpload(receiving: Receiving, id: string, body: Body): Promise<UploadRow> {
  const upload = await uploadsOf(receiving.scope).require(id);
  if (upload.completedAt !== null) return asBefore(upload, body);
  return receiving.decoding(async () => {
    const bytes = await readFile(body.path);
    const picture = await (upload.productId === null ? mask(bytes) : photograph(bytes, upload.productId, upload.name));
    return keepOnce(receiving, id, body, picture);
  });
}

function asBefore(upload: UploadRow, { hash }: Body): UploadRow {
  if (upload.bodyHash === hash) return upload;
  throw new ServiceError(
    'UPLOAD_CONFLICT',
    `id: upload ${upload.id} was completed with other bytes; make a new upload for another picture`,
    { field: 'id' },
  );
}

async function photograph(bytes: Buffer, productId: string, name: string | null): Promise<Picture> {
  const pixels = await photographPixels(bytes);
  const { width, height } = pixels;
  const hash = await hashOf(pixels);
  return {
    pixels,
    isKnown: async (scope) => (await referencesOf(scope).withHash(productId, hash)) !== undefined,
    async keep(tx, file) {
      const { id, artifactKey } = await referencesOf(tx).keep({ productId, name, hash, width, height }, file);
      return { artifactKey, outcome: { referenceId: id, maskId: null } };
    },
  };
}

async function mask(bytes: Buffer): Promise<Picture> {
  const pixels = await greyPixels(bytes);
  const { width, height } = pixels;
  const areaFraction = await areaOf(pixels);
  const extent = extentOf(pixels.data, width, WHITE);
  const hash = await hashOf(pixels);
  return {
    pixels,
    isKnown: async (scope) => (await masksOf(scope).withHash(hash)) !== undefined,
    async keep(tx, file) {
      const { id, artifactKey } = await masksOf(tx).keep(
        { hash, width, height, areaFraction, extentWidth: extent?.width ?? 0, extentHeight: extent?.height ?? 0 },
        file,
      );
      return { artifactKey, outcome: { referenceId: null, maskId: id } };
    },
  };
}

/** The file is written only for pixels that are new, and removed again when it is not the one that was committed. */
async function keepOnce({ scope, store }: Receiving, id: string, body: Body, picture: Picture): Promise<UploadRow> {
  const file = (await picture.isKnown(scope)) ? undefined : await write(scope, store, picture.pixels);
  let keptKey: string | undefined;
  try {
    const kept = await scope.transaction((tx) => record(tx, id, body, picture, file));
    keptKey = kept.artifactKey;
    return kept.upload;
  } finally {
    if (file !== undefined && keptKey !== file.key) await store.remove(scope.tenantId, file.key);
  }
}

async function write({ tenantId }: TenantScope, store: ArtifactStore, pixels: Pixels): Promise<File> {
  const { width, height } = pixels;
  const png = await encodePng(pixels);
  const key = await store.put(tenantId, 'png', png);
  return { key, contentType: 'image/png', width, height, bytes: png.byteLength, createdAt: new Date() };
}

async function record(tx: TenantScope, id: string, body: Body, picture: Picture, file: File | undefined) {
  const uploads = uploadsOf(tx);
  const upload = await uploads.hold(id);
  if (upload.completedAt !== null) return { upload: asBefore(upload, body), artifactKey: undefined };
  const { outcome, artifactKey } = await picture.keep(tx, file);
  return { upload: await uploads.complete(id, body.hash, outcome), artifactKey };
}
