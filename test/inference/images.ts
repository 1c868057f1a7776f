/** How tests look at PNG files. */
import sharp from 'sharp';

export interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** As stored in the file. */
  readonly channels: number;
}

export async function pixelsOf(png: Uint8Array | undefined): Promise<Pixels> {
  if (png === undefined) throw new Error('there is no picture');
  const { channels = 0 } = await sharp(png).metadata();
  const { data, info } = await sharp(png)
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data: new Uint8Array(data), width: info.width, height: info.height, channels };
}

/** The bytes of a PNG mask. */
export const maskBytes = async (png: Uint8Array | null): Promise<Uint8Array> => (await pixelsOf(png ?? undefined)).data;

/** Peak signal-to-noise ratio of two pictures of bytes, in dB; infinite where they are equal. */
export function psnr(a: Uint8Array, b: Uint8Array): number {
  const squares = a.reduce((sum, value, i) => sum + (value - (b[i] ?? NaN)) ** 2, 0);
  return 10 * Math.log10(255 ** 2 / (squares / a.length));
}

/** Intersection over union of two masks; 1 where both are empty. */
export function overlap(a: Uint8Array, b: Uint8Array): number {
  let [both, either] = [0, 0];
  a.forEach((value, i) => {
    const other = b[i] ?? 0;
    if (value !== 0 && other !== 0) both++;
    if (value !== 0 || other !== 0) either++;
  });
  return either === 0 ? 1 : both / either;
}
