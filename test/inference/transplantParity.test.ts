/** The engine transplants like the training package's reference (golden/make_transplants.py). */
import { readFileSync, readdirSync } from 'node:fs';
import sharp from 'sharp';
import type { Rgb } from '../../src/inference/method/transplant/image.js';
import type { Place } from '../../src/inference/method/transplant/place.js';
import { transplant } from '../../src/inference/method/transplant/transplant.js';
import type { VariationLimits } from '../../src/inference/method/transplant/variation.js';

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

interface Golden {
  readonly window: Box;
  readonly donorWindow: Box;
  readonly spot: { readonly x: number; readonly y: number; readonly major: number; readonly minor: number };
  readonly seed: number;
  readonly strength: number;
  readonly limits: VariationLimits;
  readonly allowed: Box | null;
  readonly least: number | null;
  readonly anywhere: boolean;
  readonly place: Place;
}

const folder = new URL('./golden/transplants/', import.meta.url);
const photographs = new URL('../photographs/', import.meta.url);
const cases = readdirSync(folder).filter((name) => name.endsWith('.json'));
const read = (name: string): Buffer => readFileSync(new URL(name, folder));

async function windowOf({ left, top, right, bottom }: Box): Promise<Rgb> {
  const [width, height] = [right - left, bottom - top];
  const fabric = sharp(readFileSync(new URL('fabric.png', photographs)))
    .removeAlpha()
    .toColourspace('srgb');
  return { width, height, rgb: await fabric.extract({ left, top, width, height }).raw().toBuffer() };
}

const planeOf = ({ width, height }: Rgb, inside: (x: number, y: number) => boolean): Uint8Array =>
  Uint8Array.from({ length: width * height }, (_, i) => (inside(i % width, Math.floor(i / width)) ? 1 : 0));

function defective(donor: Rgb, { x, y, major, minor }: Golden['spot']): { donor: Rgb; donorMask: Uint8Array } {
  const donorMask = planeOf(donor, (u, v) => ((u - x) / major) ** 2 + ((v - y) / minor) ** 2 <= 1);
  const rgb = donor.rgb.map((value, i) => (donorMask[Math.floor(i / 3)] === 1 ? Math.floor(value / 3) : value));
  return { donor: { ...donor, rgb }, donorMask };
}

/** The whole photograph with its changed part, and the whole mask. */
function whole(photograph: Rgb, part: ReturnType<typeof transplant>): { rgb: Uint8Array; mask: Uint8Array } {
  const [rgb, mask] = [Uint8Array.from(photograph.rgb), new Uint8Array(photograph.width * photograph.height)];
  for (let y = 0; y < part.height; y++) {
    const start = (part.top + y) * photograph.width + part.left;
    rgb.set(part.rgb.subarray(3 * y * part.width, 3 * (y + 1) * part.width), 3 * start);
    mask.set(part.mask.subarray(y * part.width, (y + 1) * part.width), start);
  }
  return { rgb, mask };
}

test.each(cases)('%s: place, mask, and every byte of the image are those of the reference', async (name) => {
  const golden = JSON.parse(read(name).toString()) as Golden;
  const photograph = await windowOf(golden.window);
  const { allowed, least } = golden;
  const inside = ({ left, top, right, bottom }: Box) =>
    planeOf(photograph, (x, y) => x >= left && x < right && y >= top && y < bottom);
  const made = transplant({
    photograph,
    ...defective(await windowOf(golden.donorWindow), golden.spot),
    ...golden,
    area: allowed === null ? null : { pixels: inside(allowed), least },
  });
  expect(made.place).toEqual({ ...golden.place, difference: expect.closeTo(golden.place.difference, 6) });
  const { rgb, mask } = whole(photograph, made);
  const file = (suffix: string) => sharp(read(name.replace('json', suffix)));
  const [image, marked] = [await file('image.png').raw().toBuffer(), await file('mask.png').extractChannel(0).raw().toBuffer()]; // prettier-ignore
  expect(mask.filter((value, i) => 255 * value !== marked[i])).toHaveLength(0);
  expect(rgb.filter((value, i) => value !== image[i])).toHaveLength(0);
});
