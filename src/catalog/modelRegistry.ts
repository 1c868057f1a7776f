/** Finds the bundle that a request names, and what it can draw. */
import type { Bundle, Coverage } from '../inference/index.js';
import { coverage as coverageOf } from '../inference/index.js';
import { ServiceError, StartError, joinNames, quote } from '../errors.js';

export interface ModelRegistry {
  /** By name, the newest version first. */
  readonly all: readonly Bundle[];
  /** Whether a request that names this gets a model of the operator. */
  has(model: string): boolean;
  /** What the tenant stored; undefined for a model of the operator. */
  ownModel(bundle: Bundle): OwnModel | undefined;
  /** "name@version", "name" (its newest version), an alias of the tenant, or nothing (the default). */
  find(model?: string | null): Bundle;
  coverage(bundle: Bundle, product: string, defect: string): Coverage;
}

/** A model that a tenant uploaded or trained. */
export interface OwnModel {
  readonly id: string;
  /** The ID of the bundle that an adapter belongs to. */
  readonly base: string | null;
  /** Whether a training of the tenant made it. */
  readonly isTrained: boolean;
  readonly createdAt: Date;
}

/** Throws `StartError` when there is no bundle, or not the configured one. */
export function createModelRegistry(bundles: readonly Bundle[], configured: string | undefined): ModelRegistry {
  const all = [...bundles].sort((a, b) => a.name.localeCompare(b.name) || newestFirst(a, b));
  const usual = mostGeneral(all);
  if (usual === undefined) throw new StartError('There is no model bundle in MODELS_DIR.');
  const named = (model: string) => all.find((bundle) => bundle.id === model || bundle.name === model);
  const ids = all.map((bundle) => bundle.id);
  const chosen = configured === undefined ? usual : named(configured);
  if (chosen === undefined) {
    throw new StartError(`DEFAULT_MODEL: there is no model "${String(configured)}"; there are: ${joinNames(ids)}`);
  }
  return {
    all,
    has: (model) => named(model) !== undefined,
    ownModel: () => undefined,
    find(model) {
      const bundle = model == null ? chosen : named(model);
      if (bundle !== undefined) return bundle;
      throw unknownModel(model, ids);
    },
    coverage: (bundle, product, defect) => coverageOf(bundle.manifest, product, defect),
  };
}

/** Of the newest versions, the one that was trained on the most pairs. An adapter is the default only if it is configured. */
function mostGeneral(all: readonly Bundle[]): Bundle | undefined {
  const bundles = all.filter(({ adapter }) => adapter === undefined);
  const newest = bundles.filter(({ name }, i) => bundles[i - 1]?.name !== name);
  const pairs = ({ manifest }: Bundle): number => manifest.vocabulary.trainedPairs.length;
  return newest.reduce<Bundle | undefined>(
    (best, bundle) => (best === undefined || pairs(bundle) > pairs(best) ? bundle : best),
    undefined,
  );
}

/**
 * The models of the operator and those of one tenant, whose names are never those of the operator.
 * @param ids of all models of the tenant, for messages
 * @param aliases name@version by the tenant's name for it
 */
export function withOwnModels(
  operators: ModelRegistry,
  own: ReadonlyMap<Bundle, OwnModel>,
  ids: readonly string[],
  aliases: ReadonlyMap<string, string>,
): ModelRegistry {
  const sorted = [...own.keys()].sort((a, b) => a.name.localeCompare(b.name) || newestFirst(a, b));
  const available = [...operators.all.map(({ id }) => id), ...ids];
  return {
    ...operators,
    all: [...operators.all, ...sorted].sort((a, b) => a.name.localeCompare(b.name) || newestFirst(a, b)),
    ownModel: (bundle) => own.get(bundle),
    find(model) {
      if (model == null || operators.has(model)) return operators.find(model);
      const bundle = sorted.find(({ id, name }) => id === model || name === model);
      if (bundle !== undefined) return bundle;
      const target = aliases.get(model);
      const found = [...operators.all, ...sorted].find(({ id }) => id === target);
      if (found !== undefined) return found;
      throw unknownModel(model, available, target);
    },
  };
}

function unknownModel(model: string | null | undefined, available: readonly string[], target?: string): ServiceError {
  const missing = target === undefined ? quote(model) : `${target}, for which the alias ${quote(model)} stands`;
  const message = `model: there is no ${missing}; there are: ${joinNames(available)}`;
  return new ServiceError('UNKNOWN_MODEL', message, { field: 'model', available });
}

function newestFirst(a: Bundle, b: Bundle): number {
  return b.version.localeCompare(a.version, 'en', { numeric: true });
}
