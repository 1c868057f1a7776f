/** What is recorded of a decoded mask or photograph beside its pixels. */
import { createHash } from 'node:crypto';
import type { Pixels } from './decodeImage.js';
import { decodeMask, hashOf, imageError } from './decodeImage.js';
import { maskAreaFraction, maskBorderFraction, maskExtentInTurns } from './maskArea.js';
import type { NewMask } from './masks.js';

export interface DecodedMask {
  readonly pixels: Pixels;
  readonly mask: NewMask;
}

/** Throws the errors of `decodeImage.ts` and `maskArea.ts`. */
export async function readMask(bytes: Buffer): Promise<DecodedMask> {
  return measureMask(await decodeMask(bytes));
}

/** Throws the errors of `maskArea.ts`. */
export async function measureMask(pixels: Pixels): Promise<DecodedMask> {
  const { width, height } = pixels;
  const areaFraction = await maskAreaFraction(pixels);
  const extent = await maskExtentInTurns(pixels);
  const borderFraction = maskBorderFraction(pixels);
  const hash = await hashOf(pixels);
  const extents = { extentWidth: extent.width, extentHeight: extent.height };
  return { pixels, mask: { hash, width, height, areaFraction, borderFraction, ...extents } };
}

type Size = Pick<Pixels, 'width' | 'height'>;

/** Throws MASK_SIZE_MISMATCH. */
export function requireSameSize({ width, height }: Size, mask: Size): void {
  if (mask.width === width && mask.height === height) return;
  throw imageError(
    'MASK_SIZE_MISMATCH',
    `is ${String(width)} × ${String(height)} pixels, but its mask is ${String(mask.width)} × ${String(mask.height)}; ` +
      'send the photograph that the mask was drawn on',
  );
}

interface Shown {
  readonly defectId: string | null;
  readonly maskId: string | null;
}

/** One photograph can be a donor of several defects, each with its own mask. Good photographs keep the pixels' hash. */
export function photographHash(pixels: string, { defectId, maskId }: Shown): string {
  if (defectId === null) return pixels;
  return createHash('sha256').update([pixels, defectId, maskId].join('\n')).digest('hex');
}
