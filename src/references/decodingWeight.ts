/** How much of the memory for decoding an image takes, by its header. */
import { open } from 'node:fs/promises';
import sharp from 'sharp';
import { BMP_HEADER_BYTES, bmpSize } from './decodeBmp.js';
import { IMAGE_LIMITS } from './decodeImage.js';

/** Of the weights below: one tenant decodes one large image or two small ones, and another tenant always one. */
export const DECODING = { total: 3, perTenant: 2, waitingPerTenant: 100, what: 'uploads' };
const SMALL_PIXELS = IMAGE_LIMITS.pixels / 2;

export async function decodingWeight(file: string | Buffer): Promise<number> {
  return weightOf(await headerOf(file));
}

/** 1, or 2 for a large image. A file that cannot be read is refused when it is decoded. */
export function weightOf(header: ImageHeader | undefined): number {
  const { width, height } = header ?? { width: 0, height: 0 };
  return width * height > SMALL_PIXELS ? DECODING.perTenant : 1;
}

export interface ImageHeader {
  readonly width: number;
  readonly height: number;
  readonly orientation: number;
}

/** The size when it is upright, and the EXIF orientation: 1 is upright. Undefined if it cannot be read. */
export async function headerOf(file: string | Buffer): Promise<ImageHeader | undefined> {
  try {
    const bmp = bmpSize(await beginningOf(file));
    if (bmp !== undefined) return { ...bmp, orientation: 1 };
    const { autoOrient, orientation = 1 } = await sharp(file, { limitInputPixels: false }).metadata();
    return { ...autoOrient, orientation };
  } catch {
    return undefined;
  }
}

async function beginningOf(file: string | Buffer): Promise<Buffer> {
  if (typeof file !== 'string') return file.subarray(0, BMP_HEADER_BYTES);
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(BMP_HEADER_BYTES), 0, BMP_HEADER_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
