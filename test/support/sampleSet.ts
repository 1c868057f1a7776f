/**
 * A tenant's samples, put into a database and a store without drawing them: everything in them is fixed, so that what
 * is made of them can be compared with what was made before.
 */
import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import type { ArtifactStore } from '../../src/artifacts/store.js';
import { newArtifactKey } from '../../src/artifacts/store.js';
import { areaFraction, boundingBoxes } from '../../src/inference/method/connectedComponents.js';
import type { GenerationRow, NewSampleRow } from '../../src/storage/tables.js';
import { artifacts, defects, generations, products, references, samples } from '../../src/storage/tables.js';
import type { TenantScope } from '../../src/storage/tenantScope.js';
import { goldenSamples } from './defaultBundle.js';

export const CREATED = new Date('2026-01-02T03:04:05Z');
export const PICTURES = 'test/exports/pictures';

/** The same for the same number; in the order of the numbers. */
export const fixedId = (n: number): string => `01900000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;

/** A part number and a defect code that no folder can be called, and a defect that is called like the good ones. */
const PARTS = ['TILE', '../A/B:4711'];
const CODES = ['CRACK', 'good', 'Schramme/1'];

const SETTINGS: GenerationRow['settings'] = {
  bundle: 'tiny@1.0.0',
  product: 'tile',
  defect: 'crack',
  coverage: 'TRAINED',
  seed: 5,
  strength: { min: 1, max: 3 },
  productScale: 1.5,
  steps: 20,
  sampler: 'DDIM',
  guidance: 'DOUBLE_FREE',
  maskMode: 'AVERAGE_FEATURES',
  twin: true,
};

export interface SampleSet {
  /** In the order of the list of samples. */
  readonly samples: readonly NewSampleRow[];
}

/** Six samples of three defects on two products: three from the model, three of awkward shapes, and one that shows nothing. */
export async function putSampleSet(scope: TenantScope, store: ArtifactStore): Promise<SampleSet> {
  const { database, own } = scope;
  const [golden, shapes] = [
    (n: number) => ({
      image: `${goldenSamples}/${String(n)}.image.png`,
      mask: `${goldenSamples}/${String(n)}.mask.png`,
    }),
    { image: `${PICTURES}/shapes.image.png`, mask: `${PICTURES}/shapes.mask.png` },
  ];
  const common = { promptName: 'tile', createdAt: CREATED };
  for (const [i, partNumber] of PARTS.entries())
    await database
      .insert(products)
      .values(own({ ...common, id: fixedId(10 + i), partNumber, name: `part ${String(i)}` }));
  for (const [i, code] of CODES.entries())
    await database.insert(defects).values(own({ ...common, id: fixedId(20 + i), code, name: `defect ${String(i)}` }));
  const photograph = await putPicture(scope, store, `${PICTURES}/photograph.png`);
  await database.insert(references).values(
    own({
      id: fixedId(30),
      productId: fixedId(11),
      name: 'line 3',
      artifactKey: photograph,
      hash: '',
      width: 32,
      height: 24,
      createdAt: CREATED,
    }),
  );
  const made = [
    await addGeneration(scope, store, 42, 0, 0, [golden(0), golden(1)]),
    await addGeneration(scope, store, 41, 1, 1, [shapes, shapes], { twin: `${PICTURES}/twin.png` }),
    await addGeneration(scope, store, 40, 1, 2, [golden(2), shapes], { referenceId: fixedId(30) }),
  ];
  return { samples: made.flat() };
}

interface Files {
  readonly image: string;
  readonly mask: string;
}

export async function addGeneration(
  scope: TenantScope,
  store: ArtifactStore,
  number: number,
  product: number,
  defect: number,
  pictures: readonly Files[],
  { twin, referenceId = null }: { twin?: string; referenceId?: string | null } = {},
) {
  const { database, own } = scope;
  const [productId, defectId] = [fixedId(10 + product), fixedId(20 + defect)];
  const count = pictures.length;
  const counters = {
    count,
    samplesDone: count,
    stepsDone: 0,
    lastSeq: 0,
    attempts: 1,
    priority: 0,
    idempotencyKey: null,
  };
  const row = {
    id: fixedId(number),
    productId,
    defectId,
    status: 'SUCCEEDED' as const,
    settings: SETTINGS,
    ...counters,
  };
  await database
    .insert(generations)
    .values(own({ ...row, inputHash: '', pixelSteps: 0, createdAt: CREATED, finishedAt: CREATED }));
  const made: NewSampleRow[] = [];
  for (const [index, { image, mask }] of pictures.entries()) {
    const { data, info } = await sharp(mask).extractChannel(0).raw().toBuffer({ resolveWithObject: true });
    const imageKey = await putPicture(scope, store, image);
    made.push({
      id: fixedId(number * 100 + index),
      generationId: row.id,
      productId,
      defectId,
      index,
      // As in a sweep: one scene.
      seed: 5,
      strength: 1 + index,
      areaFraction: areaFraction(data),
      boundingBoxes: boundingBoxes(data, info.width),
      imageKey,
      maskKey: await putPicture(scope, store, mask),
      overlayKey: imageKey,
      createdAt: CREATED,
      attempt: 1,
      referenceId,
      defectReferenceId: null,
      donorSampleId: null,
      transplant: null,
      baseSampleId: null,
      regionKey: null,
      twinKey: twin === undefined ? null : await putPicture(scope, store, twin),
      confidence: 0.875,
      visibility: 40.5,
      agreement: 0.75,
      direction: null,
      seam: 2,
      filling: null,
      // Any PNG of the same size.
      ignoreKey: index % 2 === 0 ? await putPicture(scope, store, mask) : null,
      allowedArea: null,
    });
  }
  await database.insert(samples).values(made.map((sample) => own(sample)));
  return made;
}

export async function putPicture(
  { tenantId, database, own }: TenantScope,
  store: ArtifactStore,
  file: string,
): Promise<string> {
  const bytes = readFileSync(file);
  const { width, height } = await sharp(bytes).metadata();
  const key = newArtifactKey('png');
  await store.put(tenantId, key, bytes);
  const facts = { contentType: 'image/png', width, height, bytes: bytes.length, createdAt: CREATED };
  await database.insert(artifacts).values(own({ key, ...facts }));
  return key;
}
