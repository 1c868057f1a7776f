/**
 * DataLoaders, one set per request: whatever resolvers of one operation look up at the same time becomes one
 * query, and the generations they ask for become one admission.
 */
import DataLoader from 'dataloader';
import type { Catalog } from '../catalog/catalog.js';
import type { AdmissionRules } from '../generations/admission.js';
import { admit } from '../generations/admission.js';
import type { Generations } from '../generations/generations.js';
import type { GenerationInput } from '../generations/request.js';
import type { Parent, Samples } from '../generations/samples.js';
import type { Page, PageRequest } from '../storage/pages.js';
import type { ArtifactRow, DefectRow, GenerationRow, ProductRow, SampleRow } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';

export interface PageUnder {
  readonly parent: Parent;
  readonly id: string;
  readonly request: PageRequest;
}

export interface Loaders {
  readonly product: DataLoader<string, ProductRow>;
  readonly defect: DataLoader<string, DefectRow>;
  readonly allDefects: DataLoader<'all', readonly DefectRow[]>;
  readonly generation: DataLoader<string, GenerationRow>;
  readonly sample: DataLoader<string, SampleRow>;
  readonly artifact: DataLoader<string, ArtifactRow>;
  readonly samplesUnder: DataLoader<PageUnder, Page<SampleRow>>;
  readonly admission: DataLoader<GenerationInput, GenerationRow>;
}

interface Rooms {
  readonly catalog: Catalog;
  readonly generations: Generations;
  readonly samples: Samples;
}

export function createLoaders(scope: TenantScope, rooms: Rooms, rules: AdmissionRules): Loaders {
  const { catalog, generations, samples } = rooms;
  return {
    product: byKey(
      (ids) => catalog.productsById(ids),
      (row) => row.id,
    ),
    defect: byKey(
      (ids) => catalog.defectsById(ids),
      (row) => row.id,
    ),
    allDefects: new DataLoader(async (keys) => {
      const all = await catalog.allDefects();
      return keys.map(() => all);
    }),
    generation: byKey(
      (ids) => generations.byId(ids),
      (row) => row.id,
    ),
    sample: byKey(
      (ids) => samples.byId(ids),
      (row) => row.id,
    ),
    artifact: byKey(
      (keys) => samples.artifacts(keys),
      (row) => row.key,
    ),
    samplesUnder: new DataLoader((pages) => loadPages(samples, pages), { cache: false }),
    // Writes are never cached: two equal items are two generations.
    admission: new DataLoader((inputs) => admit(scope, rules, inputs), { cache: false }),
  };
}

function byKey<T>(load: (keys: readonly string[]) => Promise<readonly T[]>, keyOf: (row: T) => string) {
  return new DataLoader<string, T>(async (keys) => {
    const rows = new Map((await load(keys)).map((row) => [keyOf(row), row]));
    return keys.map((key) => rows.get(key) ?? new Error(`row ${key} is gone`));
  });
}

/** One query for each distinct page; siblings ask for the same page of different parents. */
async function loadPages(samples: Samples, pages: readonly PageUnder[]): Promise<Page<SampleRow>[]> {
  const groups = Map.groupBy(pages, ({ parent, request }) => JSON.stringify([parent, request]));
  const loaded = new Map<PageUnder, Page<SampleRow>>();
  for (const group of groups.values()) {
    const [one] = group;
    if (one === undefined) continue;
    const found = await samples.pagesUnder(one.parent, [...new Set(group.map(({ id }) => id))], one.request);
    for (const wanted of group) loaded.set(wanted, found.get(wanted.id) ?? { rows: [], hasNextPage: false });
  }
  return pages.map((wanted) => loaded.get(wanted) ?? { rows: [], hasNextPage: false });
}
