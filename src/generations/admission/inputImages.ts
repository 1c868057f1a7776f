/** Looks up the photographs, masks and samples that a list of requests names: in a few statements, however long the list. */
import { ServiceError, quote } from '../../errors.js';
import { masksOf } from '../../references/masks.js';
import { referencesOf } from '../../references/references.js';
import { isId } from '../../storage/identifiers.js';
import type { ReferenceRow, RegionMaskRow, SampleRow } from '../../storage/tables.js';
import type { TenantScope } from '../../storage/tenantScope.js';
import type { Optional } from '../../range.js';
import type { OnPhotographInput } from './generationInput.js';
import { samplesOf } from '../samples/sampleRepository.js';

/** An image to draw on: its id, for error messages, and its size in pixels. */
export interface SizedImage {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

export type SampleImage = SizedImage &
  Pick<SampleRow, 'productId' | 'defectId' | 'baseSampleId' | 'onSample' | 'areaFraction'>;

/** Each look-up throws NOT_FOUND, which names the field, also for the ids of other tenants. */
export interface InputImages {
  reference(id: string, field: string): ReferenceRow;
  mask(id: string, field: string): RegionMaskRow;
  sample(id: string, field: string): SampleImage;
  /** The photographs of good parts that are not archived, oldest first. */
  goodOfProduct(productId: string): readonly ReferenceRow[];
  /** The photographs with the defect that are not archived, oldest first. */
  donorsOfPair(productId: string, defectId: string): readonly ReferenceRow[];
  /** Those of other products with the defect; without any, all defective ones of other products. */
  donorsOfOthers(productId: string, defectId: string): readonly ReferenceRow[];
}

interface ImageQuery {
  readonly input: OnPhotographInput;
  readonly productId: string;
  readonly defectId: string;
}

export async function loadInputImages(scope: TenantScope, queries: readonly ImageQuery[]): Promise<InputImages> {
  const inputs = queries.map(({ input }) => input);
  const named = (ids: readonly (string | null | undefined)[]): string[] => [
    ...new Set(ids.filter((id) => id != null && isId(id)) as string[]),
  ];
  const references = await referencesOf(scope).byIds(
    named(
      inputs.flatMap(({ reference, defectReference }) =>
        [reference, defectReference, defectReference?.cutPaste].flatMap(namedIn),
      ),
    ),
  );
  const masks = await masksOf(scope).byIds(
    named(inputs.flatMap(({ region, allowedArea }) => [region?.maskId, allowedArea?.maskId])),
  );
  const samples = await sampleImages(
    scope,
    named(inputs.flatMap(({ reference, defectReference }) => [reference?.sampleId, defectReference?.sampleId])),
  );
  const good = await goodPhotographs(scope, queries);
  const donors = await donorPhotographs(scope, queries);
  const wantsOthers = inputs.some(({ defectReference }) => defectReference?.ofOtherProducts === true);
  const defective = wantsOthers ? await referencesOf(scope).defective() : [];

  return {
    reference: (id, field) => found(references, id, field, 'reference'),
    mask: (id, field) => found(masks, id, field, 'region mask'),
    sample: (id, field) => found(samples, id, field, 'sample'),
    goodOfProduct: (id) => good.get(id) ?? [],
    donorsOfPair: (productId, defectId) => donors.get(pairKey(productId, defectId)) ?? [],
    donorsOfOthers(productId, defectId) {
      const others = defective.filter((row) => row.productId !== productId);
      const same = others.filter((row) => row.defectId === defectId);
      return same.length > 0 ? same : others;
    },
  };
}

/** The photographs that an input names, by one id or by a list. */
export function namedIn(
  input: { readonly id?: Optional<string>; readonly ids?: Optional<readonly string[]> } | null | undefined,
): readonly string[] {
  return input?.id == null ? (input?.ids ?? []) : [input.id];
}

type Photographs = ReadonlyMap<string, readonly ReferenceRow[]>;

/** By product. An unknown product has none; admission rejects it later. */
async function goodPhotographs(scope: TenantScope, queries: readonly ImageQuery[]): Promise<Photographs> {
  const products = queries.filter(
    ({ input: { reference, defectReference } }) =>
      reference?.anyOfProduct === true || (defectReference?.cutPaste != null && defectReference.cutPaste.ids == null),
  );
  const found = new Map<string, readonly ReferenceRow[]>();
  for (const id of new Set(products.map(({ productId }) => productId).filter(isId)))
    found.set(id, await referencesOf(scope).goodOfProduct(id));
  return found;
}

/** By pair. */
async function donorPhotographs(scope: TenantScope, queries: readonly ImageQuery[]): Promise<Photographs> {
  const pairs = queries.filter(({ input }) => input.defectReference?.anyOfPair === true);
  const found = new Map<string, readonly ReferenceRow[]>();
  for (const { productId, defectId } of pairs) {
    const key = pairKey(productId, defectId);
    if (!found.has(key) && isId(productId) && isId(defectId))
      found.set(key, await referencesOf(scope).defectiveOfPair(productId, defectId));
  }
  return found;
}

const pairKey = (productId: string, defectId: string): string => `${productId}/${defectId}`;

async function sampleImages(scope: TenantScope, ids: readonly string[]): Promise<readonly SampleImage[]> {
  if (ids.length === 0) return [];
  const samples: readonly SampleRow[] = await samplesOf(scope).byId(ids);
  const images = await samplesOf(scope).artifacts(samples.map(({ imageKey }) => imageKey));
  const sizes = new Map(images.map(({ key, width, height }) => [key, { width, height }]));
  return samples.flatMap(({ id, productId, defectId, baseSampleId, onSample, areaFraction, imageKey }) => {
    const size = sizes.get(imageKey);
    return size === undefined ? [] : [{ id, productId, defectId, baseSampleId, onSample, areaFraction, ...size }];
  });
}

function found<T extends { readonly id: string }>(rows: readonly T[], id: string, field: string, what: string): T {
  const row = rows.find((one) => one.id === id);
  if (row === undefined) throw new ServiceError('NOT_FOUND', `${field}: there is no ${what} ${quote(id)}`, { field });
  return row;
}
