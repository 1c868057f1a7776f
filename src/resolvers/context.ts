/** What a resolver works with: the caller's tenant, the rooms, and look-ups that batch within one request. */
import type { UrlSigner } from '../artifacts/signing.js';
import type { Catalog } from '../catalog/catalog.js';
import { catalogOf } from '../catalog/catalog.js';
import type { Models } from '../catalog/models.js';
import type { Config } from '../config.js';
import type { Exports } from '../exports/exports.js';
import { exportsOf } from '../exports/exports.js';
import type { Generations } from '../generations/generations.js';
import { generationsOf } from '../generations/generations.js';
import { rejectionsOf } from '../generations/rejections.js';
import type { Samples } from '../generations/samples.js';
import { samplesOf } from '../generations/samples.js';
import type { Wakeups } from '../generations/wakeups.js';
import type { InferencePool } from '../inference/index.js';
import type { LoopMonitor } from '../loopMonitor.js';
import type { Masks } from '../references/masks.js';
import { masksOf } from '../references/masks.js';
import type { References } from '../references/references.js';
import { referencesOf } from '../references/references.js';
import type { Uploads } from '../references/uploads.js';
import { uploadsOf } from '../references/uploads.js';
import type { Database } from '../storage/database.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { forTenant } from '../storage/tenantScope.js';
import type { Identity } from '../tenants/keys.js';
import type { Loaders } from './loaders.js';
import { createLoaders } from './loaders.js';

/** What all requests share. */
export interface Parts {
  readonly config: Config;
  readonly version: string;
  readonly startedAt: Date;
  readonly database: Database;
  readonly pool: InferencePool;
  readonly models: Models;
  readonly signer: UrlSigner;
  readonly uploadSigner: UrlSigner;
  readonly wakeups: Wakeups;
  readonly loopMonitor: LoopMonitor;
}

export interface Context {
  readonly parts: Parts;
  readonly scope: TenantScope;
  readonly catalog: Catalog;
  readonly generations: Generations;
  readonly samples: Samples;
  readonly references: References;
  readonly masks: Masks;
  readonly uploads: Uploads;
  readonly exports: Exports;
  readonly loaders: Loaders;
  /** The origin for signed URLs. */
  readonly origin: string;
  /** A subscription's context outlives many events; each event looks afresh. */
  forget(): void;
}

export function createContext(parts: Parts, { tenantId }: Identity, origin: string): Context {
  const scope = forTenant(parts.database, tenantId);
  const rooms = {
    catalog: catalogOf(scope),
    generations: generationsOf(scope),
    rejections: rejectionsOf(scope),
    samples: samplesOf(scope),
    references: referencesOf(scope),
    masks: masksOf(scope),
    uploads: uploadsOf(scope),
    exports: exportsOf(scope),
  };
  const rules = { models: parts.models, limits: parts.config.limits, canDraw: () => parts.pool.canDraw() };
  let loaders = createLoaders(scope, rooms, rules);
  return {
    parts,
    scope,
    ...rooms,
    origin,
    get loaders() {
      return loaders;
    },
    forget() {
      loaders = createLoaders(scope, rooms, rules);
    },
  };
}
