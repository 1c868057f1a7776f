/** Merges the mask files of a photograph. One is decoded at a time, and looked at in turns of the event loop. */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import type { MaskValues, Pixels } from '../../references/decodeImage.js';
import { decodeMaskValues } from '../../references/decodeImage.js';
import { headerOf } from '../../references/decodingWeight.js';
import { requireSameSize } from '../../references/decodedFiles.js';
import { notBinary } from '../../references/maskArea.js';
import type { Marks } from './packed.js';

/** Pixels between turns: a fraction of a millisecond. */
const CHUNK = 100_000;
/** From 8 bits to 16. */
const SPREAD = 257;

/** Marks in `merged`, which has the size of the photograph, with 255 what the file marks. Throws IMAGE_…, MASK_…. */
export async function mergeMaskFile(merged: Pixels, file: Buffer, marks: Marks): Promise<void> {
  // A small file can be a large mask: it is not decoded for a photograph of another size.
  const header = await headerOf(file);
  if (header !== undefined) requireSameSize(merged, header);
  const mask = await decodeMaskValues(file);
  requireSameSize(merged, mask);
  if (marks === 'ONE_VALUE') await requireOneValue(mask);
  const { data } = merged;
  for (let start = 0; start < data.length; start += CHUNK) {
    const end = Math.min(start + CHUNK, data.length);
    for (let i = start; i < end; i++) if (mask.values[i] !== 0) data[i] = 255;
    await turnOfTheLoop();
  }
}

async function requireOneValue({ values }: MaskValues): Promise<void> {
  const counts = new Uint32Array(2 ** 16);
  for (let start = 0; start < values.length; start += CHUNK) {
    for (const value of values.subarray(start, start + CHUNK)) counts[value] = (counts[value] ?? 0) + 1;
    await turnOfTheLoop();
  }
  const marking = [...counts.keys()].filter((value) => value !== 0 && counts[value] !== 0);
  if (marking.length <= 1) return;
  const others = marking.filter((value) => value !== 0xffff);
  const pixels = others.reduce((sum, value) => sum + (counts[value] ?? 0), 0);
  const isSpread = others.every((value) => value % SPREAD === 0);
  throw notBinary(isSpread ? others.map((value) => value / SPREAD) : others, pixels);
}
