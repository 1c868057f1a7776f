/** The engine harmonizes transplants like the training package's reference (golden/make_harmonised.py). */
import { readFileSync, readdirSync } from 'node:fs';
import { DEFAULT_VARIATION } from '../../src/inference/index.js';
import type { SampleRequest } from '../../src/inference/index.js';
import { maskBytes, overlap, psnr } from './images.js';
import { changedPixels, drawOne, engine, openDefaultEngine, outside, rgb } from './inpaintingEngine.js';

interface Golden {
  readonly request: Partial<SampleRequest>;
  readonly denoisingStrength: number;
  /** The mean change that harmonizing made, of 255. */
  readonly change: number;
}

const folder = new URL('./golden/harmonised/', import.meta.url);
const read = (name: string): Buffer => readFileSync(new URL(name, folder));
const cases = readdirSync(folder).filter((name) => name.endsWith('.json'));

beforeAll(openDefaultEngine);
afterAll(() => engine.close());

test.each(cases)('%s: the picture and the mask are those of the reference', async (name) => {
  const { request, denoisingStrength, change } = JSON.parse(read(name).toString()) as Golden;
  const transplanted = (share: number): Partial<SampleRequest> => ({
    ...request,
    transplant: {
      image: read('photograph.png'),
      existingMask: null,
      donor: read('donor.png'),
      donorMask: read('donor-mask.png'),
      allowed: null,
      variation: DEFAULT_VARIATION,
      anywhere: false,
      resizeDonor: false,
      denoisingStrength: share,
    },
  });
  const made = await drawOne(transplanted(denoisingStrength));
  expect(psnr(await rgb(made.image), await rgb(read(name.replace('json', 'image.png'))))).toBeGreaterThanOrEqual(45);
  expect(overlap(await maskBytes(made.mask), await maskBytes(read(name.replace('json', 'mask.png'))))).toBe(1);
  const blended = await drawOne(transplanted(0));
  const harmonized = await changedPixels(blended.image, made.image);
  expect(outside(harmonized, await maskBytes(made.region))).toBe(0);
  expect(change).toBeGreaterThan(5);
  expect(harmonized.some((value) => value !== 0)).toBe(true);
});
