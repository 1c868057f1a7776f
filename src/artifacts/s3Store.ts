/**
 * Artifacts in an S3-compatible store. Objects appear completely or not at all. Clients download them from presigned
 * URLs.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import type { S3Location } from '../config/storage.js';
import type { ArtifactStore } from './store.js';
import { MissingArtifact, StoreUnavailable, contentTypeOf, requireStoragePath } from './store.js';
import { createFileCache } from './fileCache.js';
import { urlRotationSeconds } from './urlSigning.js';
import { openTemporaryFolder } from './temporaryFolder.js';

const REQUEST_MS = 30_000;
const CONNECT_MS = 5_000;

/** @param folder holds files on their way to the store, and copies of files that are read repeatedly */
export async function openS3Store(place: S3Location, folder: string, urlSeconds: number): Promise<ArtifactStore> {
  const { S3Client, PutObjectCommand, GetObjectCommand, DeleteObjectCommand, HeadBucketCommand } =
    await import('@aws-sdk/client-s3');
  const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner');
  const { bucket, prefix, region, pathStyle: forcePathStyle } = place;
  const clientAt = (endpoint: string | undefined, requestTimeout = REQUEST_MS): S3Client =>
    new S3Client({
      region,
      forcePathStyle,
      ...(endpoint === undefined ? {} : { endpoint }),
      // Not all S3-compatible stores know these checksums, so they are sent only where required.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: {
        connectionTimeout: CONNECT_MS,
        socketTimeout: REQUEST_MS,
        requestTimeout,
        throwOnRequestTimeout: true,
      },
      maxAttempts: 3,
    });
  const client = clientAt(place.endpoint);
  // An archive may take any time, as long as bytes move.
  const patient = clientAt(place.endpoint, 0);
  const presigning = place.publicEndpoint === undefined ? client : clientAt(place.publicEndpoint);
  const temporary = await openTemporaryFolder(join(folder, 'tmp'), false);
  const cache = createFileCache(temporary);
  const object = (tenantId: string, key: string) => ({
    Bucket: bucket,
    Key: [prefix, requireStoragePath(tenantId, key)].filter((part) => part !== '').join('/'),
  });

  async function read(tenantId: string, key: string): Promise<Buffer> {
    const { Body } = await client.send(new GetObjectCommand(object(tenantId, key))).catch(rethrow);
    if (Body === undefined) throw new MissingArtifact(`${key} has no body`);
    return Buffer.from(await Body.transformToByteArray().catch(rethrow));
  }

  return {
    temporary,
    read,
    async put(tenantId, key, bytes) {
      const put = new PutObjectCommand({ ...object(tenantId, key), Body: bytes, ContentType: contentTypeOf(key) });
      await client.send(put).catch(rethrow);
    },
    async putFile(tenantId, key, path) {
      const { size } = await stat(path);
      const Body = createReadStream(path);
      const put = new PutObjectCommand({
        ...object(tenantId, key),
        Body,
        ContentLength: size,
        ContentType: contentTypeOf(key),
      });
      await patient.send(put).catch(rethrow);
      await rm(path, { force: true });
    },
    local: (tenantId, key) =>
      // Under the tenant's name: a key alone must not open another tenant's file.
      cache.local(requireStoragePath(tenantId, key), async (draft) => {
        const { Body } = await patient.send(new GetObjectCommand(object(tenantId, key))).catch(rethrow);
        await pipeline(Body as Readable, createWriteStream(draft, { mode: 0o600 })).catch(rethrow);
      }),
    async remove(tenantId, key) {
      await client.send(new DeleteObjectCommand(object(tenantId, key))).catch(rethrow);
      cache.forget(requireStoragePath(tenantId, key));
    },
    async directUrl(tenantId, key, { contentType, fileName }) {
      const { signedAt, expiresAt, seconds } = signingWindow(urlSeconds);
      const get = new GetObjectCommand({
        ...object(tenantId, key),
        ResponseContentType: contentType,
        ResponseContentDisposition: fileName === undefined ? 'inline' : `attachment; filename="${fileName}"`,
      });
      const options = { expiresIn: seconds, signingDate: signedAt };
      return { url: new URL(await getSignedUrl(presigning, get, options)), expiresAt };
    },
    async check() {
      await client.send(new HeadBucketCommand({ Bucket: bucket })).catch(rethrow);
    },
  };
}

/** Signs as of the start of a time window, so that every answer within the window has the same URL and caches work. */
function signingWindow(lifetimeSeconds: number): { signedAt: Date; expiresAt: Date; seconds: number } {
  const grain = urlRotationSeconds(lifetimeSeconds);
  const start = Math.floor(Date.now() / 1000 / grain) * grain;
  const seconds = Math.min(lifetimeSeconds + grain, 7 * 86_400);
  return { signedAt: new Date(start * 1000), expiresAt: new Date((start + seconds) * 1000), seconds };
}

function rethrow(error: unknown): never {
  const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
  if (name === 'NoSuchKey' || name === 'NotFound') throw new MissingArtifact(message, { cause: error });
  if (name === 'EntityTooLarge') throw error;
  // The request is well-formed, so a refusal is due to the store: its keys, bucket, space, or network.
  throw new StoreUnavailable(
    `the S3 store answered ${String($metadata?.httpStatusCode ?? 'nothing')}: ${name} ${message}`,
    { cause: error },
  );
}
