/** Opens the artifact store that the configuration selects. */
import { join } from 'node:path';
import type { S3Location } from '../config/storage.js';
import { openLocalStore } from './localStore.js';
import { openS3Store } from './s3Store.js';
import type { ArtifactStore } from './store.js';

export interface StoreOptions {
  readonly dataDirectory: string;
  /** Undefined selects the local disk. */
  readonly s3: S3Location | undefined;
  readonly urlSeconds: number;
  /** Whether no other process uses the data directory. */
  readonly alone: boolean;
}

export function openStore({ dataDirectory, s3, urlSeconds, alone }: StoreOptions): Promise<ArtifactStore> {
  const folder = join(dataDirectory, 'artifacts');
  return s3 === undefined ? openLocalStore(folder, alone) : openS3Store(s3, folder, urlSeconds);
}
