/** The store that the configuration means. */
import { join } from 'node:path';
import type { S3Location } from '../config/storage.js';
import { openLocalStore } from './localStore.js';
import { openS3Store } from './s3Store.js';
import type { ArtifactStore } from './store.js';

export interface StoreOptions {
  readonly dataDirectory: string;
  /** The local disk unless given. */
  readonly s3: S3Location | undefined;
  readonly urlSeconds: number;
  /** No other process has the data directory open. */
  readonly alone: boolean;
}

export function openStore({ dataDirectory, s3, urlSeconds, alone }: StoreOptions): Promise<ArtifactStore> {
  const folder = join(dataDirectory, 'artifacts');
  return s3 === undefined ? openLocalStore(folder, alone) : openS3Store(s3, folder, urlSeconds);
}
