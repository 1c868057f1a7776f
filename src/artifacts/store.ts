/**
 * Where artifacts lie. A key is unguessable and written once; whatever can be read under a key is whole. Rows are
 * made after that (see `pendingFiles.ts` for what lies there without a row).
 */
import { randomBytes } from 'node:crypto';

export interface ArtifactStore {
  /** When it resolves, the bytes survive a power cut. @throws StoreUnavailable when there is no room, or no answer. */
  put(tenantId: string, key: string, bytes: Uint8Array): Promise<void>;
  /** As `put`, of a finished file on this machine, which is gone afterwards. */
  putFile(tenantId: string, key: string, path: string): Promise<void>;
  /** @throws MissingArtifact, StoreUnavailable */
  read(tenantId: string, key: string): Promise<Buffer>;
  /** A file on this machine with the artifact's bytes, to be read soon. @throws MissingArtifact, StoreUnavailable */
  local(tenantId: string, key: string): Promise<string>;
  /** Nothing happens where there is none. */
  remove(tenantId: string, key: string): Promise<void>;
  /** A URL of the store's own, for whoever holds it; undefined where the service itself hands artifacts out. */
  directUrl(tenantId: string, key: string, as: DownloadHeaders): Promise<DirectUrl | undefined>;
  /** @throws StoreUnavailable while nothing can be written. */
  check(): Promise<void>;
  /** A folder for files on their way in, of this process alone. */
  readonly temporary: string;
}

export interface DownloadHeaders {
  readonly contentType: string;
  /** For the person who saves it; shown in place unless given. */
  readonly fileName?: string;
}

export interface DirectUrl {
  readonly url: URL;
  readonly expiresAt: Date;
}

export type Extension = 'png' | 'zip';

/** There is no room, or the store does not answer; nothing is wrong with what was asked, and it may pass. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

export class MissingArtifact extends Error {
  override readonly name = 'MissingArtifact';
}

export function newArtifactKey(extension: Extension): string {
  return `${randomBytes(24).toString('hex')}.${extension}`;
}

/** Two levels of folders keep each small: <tenant>/<first two characters>/<key>. Undefined for what cannot be a key. */
export function storagePath(tenantId: string, key: string): string | undefined {
  if (!/^[0-9a-f-]{36}$/.test(tenantId) || !/^[0-9a-f]{48}\.(png|zip)$/.test(key)) return undefined;
  return `${tenantId}/${key.slice(0, 2)}/${key}`;
}

/** What a person who saves an archive sees. */
export function archiveName(key: string): string {
  return `defectdiffu-${key.slice(0, 8)}.zip`;
}

export function requireStoragePath(tenantId: string, key: string): string {
  const path = storagePath(tenantId, key);
  if (path === undefined) throw new MissingArtifact(`${key} cannot be the key of an artifact`);
  return path;
}
