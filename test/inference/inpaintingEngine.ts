/** An engine with the default bundle, what the tests draw on a photograph with it, and what they look at. */
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';

import type {
  Engine,
  InpaintingRequest,
  MaskConvention,
  SampleRequest,
  SampleResult,
  QualityScores,
} from '../../src/inference/index.js';
import { NEWEST_PLACEMENT, openEngine } from '../../src/inference/index.js';
import { DEFAULT_BUNDLE } from '../support/defaultBundle.js';
import { generateAll } from './generateAll.js';

export const models = fileURLToPath(new URL('../../models', import.meta.url));
export const fabric = readFileSync(new URL('../photographs/fabric.png', import.meta.url));

export let engine: Engine;
export const bundle = DEFAULT_BUNDLE;
export async function openDefaultEngine(): Promise<void> {
  engine = await openEngine({ modelsDirectory: models, maximumRows: 6 });
}

let drawn = 0;
export async function draw(...requests: Partial<SampleRequest>[]): Promise<SampleResult[]> {
  const results = new Map<string, SampleResult>();
  const full = requests.map((request): SampleRequest => ({
    id: String(++drawn),
    bundle,
    product: 'fabric',
    defect: 'stain',
    seed: 7,
    strength: 2,
    productScale: 1,
    steps: 12,
    sampler: 'DPM_SOLVER_PP',
    guidance: 'PRODUCT_RELATIVE',
    maskMode: 'AVERAGE_FEATURES',
    ...request,
  }));
  await generateAll(engine, full, { onSample: (result) => results.set(result.id, result) });
  return full.map(({ id }) => results.get(id) as SampleResult);
}

export async function drawOne(request: Partial<SampleRequest>): Promise<SampleResult> {
  const [result] = await draw(request);
  if (result === undefined) throw new Error('nothing was drawn');
  return result;
}

export const on = (
  image: Uint8Array | null,
  region: InpaintingRequest['region'],
  denoisingStrength = 0.8,
  maskConvention: MaskConvention = 'CHANGE',
): Partial<SampleRequest> => ({
  inpainting: { image, existingMask: null, region, denoisingStrength, maskConvention },
});
export const SHAPE = { kind: 'SHAPE', allowed: null } as const;
/** As the service asks for it. */
export const NEWEST_SHAPE = { kind: 'SHAPE', allowed: null, placement: NEWEST_PLACEMENT } as const;
export const CHOSEN = { kind: 'CHOSEN', allowed: null } as const;

/** A PNG mask, white where `inside` says so. */
export function maskOf(width: number, height: number, inside: (x: number, y: number) => boolean): Promise<Buffer> {
  const data = Uint8Array.from({ length: width * height }, (_, i) =>
    inside(i % width, Math.floor(i / width)) ? 255 : 0,
  );
  return sharp(data, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png()
    .toBuffer();
}

export async function changedPixels(before: Uint8Array, after: Uint8Array): Promise<Uint8Array> {
  const [a, b] = [await rgb(before), await rgb(after)];
  return Uint8Array.from({ length: a.length / 3 }, (_, i) =>
    [0, 1, 2].some((channel) => a[3 * i + channel] !== b[3 * i + channel]) ? 255 : 0,
  );
}

export const rgb = async (png: Uint8Array): Promise<Uint8Array> =>
  new Uint8Array(await sharp(png).removeAlpha().toColourspace('srgb').raw().toBuffer());

export const outside = (inner: Uint8Array, outer: Uint8Array): number =>
  inner.reduce((count, value, i) => count + (value !== 0 && outer[i] === 0 ? 1 : 0), 0);

/** The pixels of a square picture no further than so many columns and rows from a marked one. */
export function within(distance: number, mask: Uint8Array): Uint8Array {
  const size = Math.sqrt(mask.length);
  const near = new Uint8Array(mask.length);
  mask.forEach((value, i) => {
    if (value === 0) return;
    const [row, column] = [Math.floor(i / size), i % size];
    for (let y = Math.max(0, row - distance); y <= Math.min(size - 1, row + distance); y++)
      for (let x = Math.max(0, column - distance); x <= Math.min(size - 1, column + distance); x++)
        near[y * size + x] = 1;
  });
  return near;
}

export interface GoldenCase {
  readonly id: string;
  readonly n: string;
}

const golden = new URL('./golden/photographs/', import.meta.url);
export const goldenBundles = readdirSync(golden);
export const goldenCases = goldenBundles.flatMap((id) =>
  readdirSync(new URL(`${id}/`, golden))
    .filter((file) => file.endsWith('.json'))
    .map((file): GoldenCase => ({ id, n: file.replace('.json', '') })),
);

export interface Golden {
  readonly request: Partial<SampleRequest>;
  readonly region: 'MASK' | 'SHAPE' | 'SHAPE 2' | 'CHOSEN' | 'TWIN';
  readonly scores: QualityScores & { readonly confidence: number };
  /** What Python drew: `json`, `image.png`, `mask.png`, `ignore.png`, or `twin.png`. */
  readonly file: (suffix: string) => Buffer;
}

export function readGolden({ id, n }: GoldenCase): Golden {
  const read = (name: string): Buffer => readFileSync(new URL(`${id}/${name}`, golden));
  const file = (suffix: string): Buffer => read(`${n}.${suffix}`);
  const { request, region, freedom, scores } = JSON.parse(file('json').toString()) as Omit<Golden, 'file'> & {
    readonly freedom: number;
  };
  const photograph = {
    MASK: on(read('photograph.png'), { kind: 'MASK', mask: read('region.png') }, freedom),
    SHAPE: on(read('photograph.png'), SHAPE, freedom),
    'SHAPE 2': on(read('photograph.png'), NEWEST_SHAPE, freedom, 'OUTLINE'),
    CHOSEN: on(read('photograph.png'), CHOSEN, freedom),
    TWIN: on(null, CHOSEN, freedom),
  }[region];
  return { request: { ...request, ...photograph }, region, scores, file };
}
