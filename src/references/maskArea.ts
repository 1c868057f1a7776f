/** A region mask has two values, and both occur. */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import type { Pixels } from './decodeImage.js';
import { imageError } from './decodeImage.js';

/** Pixels that are counted before the event loop may run: a fraction of a millisecond. A request takes many turns. */
const CHUNK = 100_000;
const VALUES_IN_ERROR = 5;

/** The share of white pixels, above 0 and below 1. Throws `ServiceError`: MASK_NOT_BINARY, MASK_EMPTY, MASK_FULL. */
export async function maskAreaFraction({ data }: Pixels): Promise<number> {
  const counts = await histogram(data);
  const black = counts[0] ?? 0;
  const white = counts[255] ?? 0;
  const others = [...counts.keys()].filter((value) => value !== 0 && value !== 255 && counts[value] !== 0);
  if (others.length > 0) throw notBinary(others, data.length - black - white);
  if (white === 0) throw imageError('MASK_EMPTY', 'is all black; the region must be white (255)');
  if (black === 0) throw imageError('MASK_FULL', 'is all white; what lies outside the region must be black (0)');
  return white / data.length;
}

async function histogram(data: Uint8Array): Promise<Uint32Array> {
  const counts = new Uint32Array(256);
  for (let start = 0; start < data.length; start += CHUNK) {
    for (const value of data.subarray(start, start + CHUNK)) counts[value] = (counts[value] ?? 0) + 1;
    await turnOfTheLoop();
  }
  return counts;
}

function notBinary(others: readonly number[], pixels: number) {
  const some = others.slice(0, VALUES_IN_ERROR).join(', ') + (others.length > VALUES_IN_ERROR ? ' …' : '');
  const values = `${String(others.length)} other ${others.length === 1 ? 'value' : 'values'} (${some})`;
  const where = `in ${String(pixels)} ${pixels === 1 ? 'pixel' : 'pixels'}`;
  return imageError('MASK_NOT_BINARY', `every pixel must be 0 or 255; there are ${values} ${where}`, {
    otherValues: others.length,
  });
}
