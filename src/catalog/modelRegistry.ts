/** Finds the bundle that a request names, and what it can draw. */
import type { Bundle, Coverage } from '../inference/index.js';
import { coverage as coverageOf } from '../inference/index.js';
import { ServiceError, StartError, joinNames, quote } from '../errors.js';

export interface ModelRegistry {
  readonly all: readonly Bundle[];
  /** "name@version", "name" (its newest version), or nothing (the default). */
  find(model?: string | null): Bundle;
  coverage(bundle: Bundle, product: string, defect: string): Coverage;
}

/** Throws `StartError` when there is no bundle, or not the configured one. */
export function createModelRegistry(bundles: readonly Bundle[], configured: string | undefined): ModelRegistry {
  const all = [...bundles].sort((a, b) => a.name.localeCompare(b.name) || newestFirst(a, b));
  // An adapter knows a few products only, so it is the default only if it is configured.
  const first = all.find(({ adapter }) => adapter === undefined);
  if (first === undefined) throw new StartError('There is no model bundle in MODELS_DIR.');
  const named = (model: string) => all.find((bundle) => bundle.id === model || bundle.name === model);
  const ids = all.map((bundle) => bundle.id);
  const chosen = configured === undefined ? first : named(configured);
  if (chosen === undefined) {
    throw new StartError(`DEFAULT_MODEL: there is no model "${String(configured)}"; there are: ${joinNames(ids)}`);
  }
  return {
    all,
    find(model) {
      const bundle = model == null ? chosen : named(model);
      if (bundle !== undefined) return bundle;
      throw new ServiceError('UNKNOWN_MODEL', `model: there is no ${quote(model)}; there are: ${joinNames(ids)}`, {
        field: 'model',
        available: ids,
      });
    },
    coverage: (bundle, product, defect) => coverageOf(bundle.manifest, product, defect),
  };
}

function newestFirst(a: Bundle, b: Bundle): number {
  return b.version.localeCompare(a.version, 'en', { numeric: true });
}
