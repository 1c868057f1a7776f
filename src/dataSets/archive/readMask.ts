/** Reads what marks the defect on a photograph of an archive. */
import { ServiceError } from '../../errors.js';
import type { Pixels } from '../../references/decodeImage.js';
import type { DecodedMask } from '../../references/decodedFiles.js';
import { measureMask } from '../../references/decodedFiles.js';
import { NoShapeError } from './annotations/noShape.js';
import { mergeMaskFile } from './maskFiles.js';
import type { Archive } from './openArchive.js';
import type { PackedMask, PackedPhotograph } from './packed.js';

/** What is wrong with a file of the archive; the message begins after its name. */
export class PackedFileError extends Error {
  readonly file: string;

  constructor(file: string, reason: string) {
    super(reason);
    this.file = file;
  }
}

/**
 * Null for a good part. Throws PackedFileError, MASK_SIZE_MISMATCH.
 * @param orientation of the photograph's file, as EXIF counts: 1 is upright
 */
export async function readPackedMask(
  archive: Archive,
  { name, defect, mask, isGoodIfUnmarked }: PackedPhotograph,
  photograph: Pixels,
  orientation: number,
): Promise<DecodedMask | null> {
  if (mask === null) return null;
  const pixels = await pixelsOf(archive, name, mask, photograph, orientation);
  const marksNothing = !pixels.data.includes(255);
  if (marksNothing && (defect === null || isGoodIfUnmarked === true)) return null;
  const described = 'files' in mask ? mask.files.slice(0, 1).join() : name;
  if (defect === null)
    throw new PackedFileError(name, `is listed as good, but something is marked in its mask ${described}`);
  return describing(described, () => measureMask(pixels), beginOf(mask));
}

async function pixelsOf(
  archive: Archive,
  name: string,
  mask: PackedMask,
  { width, height }: Pixels,
  orientation: number,
): Promise<Pixels> {
  if ('files' in mask) {
    const merged: Pixels = { data: Buffer.alloc(width * height), width, height, channels: 1 };
    for (const file of mask.files) {
      const content = await archive.read(file);
      await describing(file, () => mergeMaskFile(merged, content, mask.marks), beginOf(mask));
    }
    return merged;
  }
  if (orientation !== 1)
    throw new PackedFileError(
      name,
      `has EXIF orientation ${String(orientation)}, and it is not clear whether its annotation is turned too: save it upright, without EXIF`,
    );
  const drawn = () => mask.draw({ width, height });
  return describing(name, drawn, beginOf(mask));
}

const beginOf = (mask: PackedMask): string => ('draw' in mask ? `its annotation in ${mask.annotation} ` : '');

/** Errors of `read` name the file. */
async function describing<T>(file: string, read: () => T | Promise<T>, begin: string): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const isOurs = error instanceof ServiceError ? error.code !== 'MASK_SIZE_MISMATCH' : error instanceof NoShapeError;
    if (!isOurs) throw error;
    throw new PackedFileError(file, begin + withoutField(error as Error));
  }
}

export const withoutField = ({ message }: Error): string => message.replace(/^body: /, '');
