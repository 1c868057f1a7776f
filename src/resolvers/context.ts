/** What a resolver works with: the caller's tenant, its repositories, and look-ups that batch within one request. */
import type { FairSemaphore } from '../fairSemaphore.js';
import type { FairTurns } from '../fairTurns.js';
import type { UrlSigner } from '../artifacts/urlSigning.js';
import type { ArtifactStore } from '../artifacts/store.js';
import type { Catalog } from '../catalog/catalog.js';
import { catalogOf } from '../catalog/catalog.js';
import type { ModelRegistry } from '../catalog/modelRegistry.js';
import type { Config } from '../config.js';
import type { DataSets } from '../dataSets/dataSetRepository.js';
import { dataSetsOf } from '../dataSets/dataSetRepository.js';
import { attemptsOf } from '../generations/attempts.js';
import type { AdmissionContext } from '../generations/admission/admitGenerations.js';
import type { Exports } from '../exports/exportRepository.js';
import { exportsOf } from '../exports/exportRepository.js';
import type { Generations } from '../generations/generationRepository.js';
import { generationsOf } from '../generations/generationRepository.js';
import { rejectedSamplesOf } from '../generations/samples/rejectedSamples.js';
import type { Samples } from '../generations/samples/sampleRepository.js';
import { samplesOf } from '../generations/samples/sampleRepository.js';
import type { Waiters } from '../queue/waiters.js';
import { canGenerate } from '../generations/workerRegistry.js';
import type { Log } from '../log.js';
import type { EventLoopMonitor } from '../observability/eventLoopMonitor.js';
import { addLogContext } from '../observability/logContext.js';
import type { Masks } from '../references/masks.js';
import { masksOf } from '../references/masks.js';
import type { References } from '../references/references.js';
import { referencesOf } from '../references/references.js';
import type { Uploads } from '../references/uploads.js';
import { uploadsOf } from '../references/uploads.js';
import type { Database } from '../storage/database.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { forTenant } from '../storage/tenantScope.js';
import type { RateLimiter } from '../tenants/rateLimiter.js';
import type { Deliveries } from '../webhooks/deliveryRepository.js';
import { deliveriesOf } from '../webhooks/deliveryRepository.js';
import type { SecretBox } from '../webhooks/secretBox.js';
import type { Trainings } from '../trainings/trainingRepository.js';
import { trainingsOf } from '../trainings/trainingRepository.js';
import type { Webhooks } from '../webhooks/webhookRepository.js';
import { webhooksOf } from '../webhooks/webhookRepository.js';
import type { AccessControl } from '../tenants/accessControl.js';
import type { Identity } from '../tenants/identity.js';
import type { ApiKeys } from '../tenants/apiKeys.js';
import { apiKeysOf } from '../tenants/apiKeys.js';
import type { Answer } from './boundedAnswers.js';
import { createAnswer } from './boundedAnswers.js';
import type { Loaders } from './loaders.js';
import { createLoaders } from './loaders.js';

/** What all requests of a process share. */
export interface Services {
  readonly config: Config;
  readonly log: Log;
  readonly version: string;
  readonly startedAt: Date;
  readonly database: Database;
  readonly store: ArtifactStore;
  readonly access: AccessControl;
  readonly models: ModelRegistry;
  readonly signer: UrlSigner;
  readonly uploadSigner: UrlSigner;
  readonly secretBox: SecretBox;
  readonly waiters: Waiters;
  readonly eventLoopMonitor: EventLoopMonitor;
  readonly rateLimiter: RateLimiter;
  readonly turns: FairTurns;
  /** Files of callers that are decoded now. */
  readonly decoding: FairSemaphore;
  /** Operations that are read, executed, or answered now. */
  readonly operations: FairSemaphore;
  /** Of these, the ones that are executed now. It waits for nobody: a client that reads slowly holds none. */
  readonly executions: FairSemaphore;
}

export interface Context {
  readonly services: Services;
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
  readonly apiKeys: ApiKeys;
  readonly exports: Exports;
  readonly dataSets: DataSets;
  readonly trainings: Trainings;
  readonly rules: AdmissionContext;
  readonly loaders: Loaders;
  /** The size of the answer so far. */
  readonly answer: Answer;
  /** The origin of signed URLs. */
  readonly origin: string;
  /**
   * Starts with empty caches and a new answer. The context of a subscription outlives many events, and each event reads
   * current rows.
   */
  resetLoaders(): void;
}

export function createContext(services: Services, identity: Identity, origin: string): Context {
  addLogContext({ tenant: identity.tenantId });
  const scope = forTenant(services.database, identity.tenantId, identity.subject);
  const repositories = {
    catalog: catalogOf(scope),
    generations: generationsOf(scope),
    rejections: rejectedSamplesOf(scope),
    attempts: attemptsOf(scope),
    samples: samplesOf(scope),
    references: referencesOf(scope),
    masks: masksOf(scope),
    uploads: uploadsOf(scope),
    webhooks: webhooksOf(scope, { config: services.config.webhooks, box: services.secretBox }),
    deliveries: deliveriesOf(scope),
    apiKeys: apiKeysOf(scope, services.access.hasher),
    exports: exportsOf(scope),
    dataSets: dataSetsOf(scope),
    trainings: trainingsOf(scope),
  };
  const rules: AdmissionContext = {
    models: services.models,
    limits: services.config.limits,
    canGenerate,
    log: services.log,
  };
  let answer = createAnswer(identity.tenantId, services.turns);
  let loaders = createLoaders(scope, repositories, rules, answer.batches);
  return {
    services,
    identity,
    scope,
    ...repositories,
    rules,
    origin,
    get loaders() {
      return loaders;
    },
    get answer() {
      return answer;
    },
    resetLoaders() {
      answer = createAnswer(identity.tenantId, services.turns);
      loaders = createLoaders(scope, repositories, rules, answer.batches);
    },
  };
}
