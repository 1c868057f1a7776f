/**
 * Where artifacts are stored. A key is unguessable and written once, and a file that can be read under a key is
 * complete. Rows are inserted afterwards; see `pendingFiles.ts` for files without a row.
 */
import { randomBytes } from 'node:crypto';

export interface ArtifactStore {
  /**
   * Once it resolves, the bytes survive a power failure.
   * @throws StoreUnavailable when the store has no space or does not answer
   */
  put(tenantId: string, key: string, bytes: Uint8Array): Promise<void>;
  /** Like `put`, for a complete file on this machine. The file is moved into the store. */
  putFile(tenantId: string, key: string, path: string): Promise<void>;
  /** @throws MissingArtifact, StoreUnavailable */
  read(tenantId: string, key: string): Promise<Buffer>;
  /**
   * The path of a local file with the artifact's bytes. Read it soon.
   * @throws MissingArtifact, StoreUnavailable
   */
  local(tenantId: string, key: string): Promise<string>;
  /** Does nothing when there is no such artifact. */
  remove(tenantId: string, key: string): Promise<void>;
  /** A URL of the store itself that anyone who has it can use. Undefined when the service serves artifacts. */
  directUrl(tenantId: string, key: string, as: DownloadHeaders): Promise<DirectUrl | undefined>;
  /** @throws StoreUnavailable while the store cannot be written to */
  check(): Promise<void>;
  /** A folder for incoming files that belongs to this process alone. */
  readonly temporary: string;
}

export interface DownloadHeaders {
  readonly contentType: string;
  /** The name for a downloaded file. Without one, the browser shows the file in place. */
  readonly fileName?: string;
}

export interface DirectUrl {
  readonly url: URL;
  readonly expiresAt: Date;
}

export type Extension = 'png' | 'zip' | 'onnx';

/** The longest sides of thumbnails (thumbnails.ts). */
export const THUMBNAIL_SIDES = { SMALL: 128, MEDIUM: 256, LARGE: 512 } as const;
const KEY = new RegExp(`^[0-9a-f]{48}([.](png|zip|onnx)|-(${Object.values(THUMBNAIL_SIDES).join('|')})[.]webp)$`);

const CONTENT_TYPES = {
  png: 'image/png',
  webp: 'image/webp',
  zip: 'application/zip',
  onnx: 'application/octet-stream',
} as const;

export function contentTypeOf(key: string): string {
  return CONTENT_TYPES[key.slice(key.lastIndexOf('.') + 1) as keyof typeof CONTENT_TYPES];
}

/** The store has no space or does not answer. The request was valid, and a retry can succeed. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

export class MissingArtifact extends Error {
  override readonly name = 'MissingArtifact';
}

export function newArtifactKey(extension: Extension): string {
  return `${randomBytes(24).toString('hex')}.${extension}`;
}

/**
 * Two levels keep each folder small: <tenant>/<first two characters>/<key>. Undefined when the text cannot be a key.
 */
export function storagePath(tenantId: string, key: string): string | undefined {
  if (!/^[0-9a-f-]{36}$/.test(tenantId) || !KEY.test(key)) return undefined;
  return `${tenantId}/${key.slice(0, 2)}/${key}`;
}

/** The file name of a downloaded archive. */
export function archiveName(key: string): string {
  return `defectdiffu-${key.slice(0, 8)}.zip`;
}

export function requireStoragePath(tenantId: string, key: string): string {
  const path = storagePath(tenantId, key);
  if (path === undefined) throw new MissingArtifact(`${key} is not a valid artifact key`);
  return path;
}
