/** What a resolver works with: the caller's tenant, the rooms, and look-ups that batch within one request. */
import type { UrlSigner } from '../artifacts/signing.js';
import type { ArtifactStore } from '../artifacts/store.js';
import type { Catalog } from '../catalog/catalog.js';
import { catalogOf } from '../catalog/catalog.js';
import type { Models } from '../catalog/models.js';
import type { Config } from '../config.js';
import { attemptsOf } from '../generations/worker/attempts.js';
import type { Exports } from '../exports/exportRepository.js';
import { exportsOf } from '../exports/exportRepository.js';
import type { Generations } from '../generations/generationRepository.js';
import { generationsOf } from '../generations/generationRepository.js';
import { rejectedSamplesOf } from '../generations/samples/rejectedSamples.js';
import type { Samples } from '../generations/samples/sampleRepository.js';
import { samplesOf } from '../generations/samples/sampleRepository.js';
import type { Waiters } from '../queue/waiters.js';
import { canGenerate } from '../generations/worker/workerRegistry.js';
import type { Log } from '../log.js';
import type { LoopMonitor } from '../loopMonitor.js';
import { learn } from '../observability/facts.js';
import type { Masks } from '../references/masks.js';
import { masksOf } from '../references/masks.js';
import type { References } from '../references/references.js';
import { referencesOf } from '../references/references.js';
import type { Uploads } from '../references/uploads.js';
import { uploadsOf } from '../references/uploads.js';
import type { Database } from '../storage/database.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { forTenant } from '../storage/tenantScope.js';
import type { Rates } from '../tenants/rates.js';
import type { Deliveries } from '../webhooks/deliveryRepository.js';
import { deliveriesOf } from '../webhooks/deliveryRepository.js';
import type { SecretBox } from '../webhooks/secretBox.js';
import type { Webhooks } from '../webhooks/webhookRepository.js';
import { webhooksOf } from '../webhooks/webhookRepository.js';
import type { Access } from '../tenants/access.js';
import type { Identity } from '../tenants/identity.js';
import type { Keyring } from '../tenants/keyring.js';
import { keyringOf } from '../tenants/keyring.js';
import type { Loaders } from './loaders.js';
import { createLoaders } from './loaders.js';

/** What all requests share. */
export interface Parts {
  readonly config: Config;
  readonly log: Log;
  readonly version: string;
  readonly startedAt: Date;
  readonly database: Database;
  readonly store: ArtifactStore;
  readonly access: Access;
  readonly models: Models;
  readonly signer: UrlSigner;
  readonly uploadSigner: UrlSigner;
  readonly secretBox: SecretBox;
  readonly waiters: Waiters;
  readonly loopMonitor: LoopMonitor;
  readonly rates: Rates;
}

export interface Context {
  readonly parts: Parts;
  readonly identity: Identity;
  readonly scope: TenantScope;
  readonly catalog: Catalog;
  readonly generations: Generations;
  readonly samples: Samples;
  readonly references: References;
  readonly masks: Masks;
  readonly uploads: Uploads;
  readonly webhooks: Webhooks;
  readonly deliveries: Deliveries;
  readonly keyring: Keyring;
  readonly exports: Exports;
  readonly loaders: Loaders;
  /** The origin for signed URLs. */
  readonly origin: string;
  /** A subscription's context outlives many events; each event looks afresh. */
  forget(): void;
}

export function createContext(parts: Parts, identity: Identity, origin: string): Context {
  learn({ tenant: identity.tenantId });
  const scope = forTenant(parts.database, identity.tenantId);
  const rooms = {
    catalog: catalogOf(scope),
    generations: generationsOf(scope),
    rejections: rejectedSamplesOf(scope),
    attempts: attemptsOf(scope),
    samples: samplesOf(scope),
    references: referencesOf(scope),
    masks: masksOf(scope),
    uploads: uploadsOf(scope),
    webhooks: webhooksOf(scope, { config: parts.config.webhooks, box: parts.secretBox }),
    deliveries: deliveriesOf(scope),
    keyring: keyringOf(scope, parts.access.hasher),
    exports: exportsOf(scope),
  };
  const rules = {
    models: parts.models,
    limits: parts.config.limits,
    canGenerate,
    log: parts.log,
  };
  let loaders = createLoaders(scope, rooms, rules);
  return {
    parts,
    identity,
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
