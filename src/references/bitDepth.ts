/**
 * Whether the values of a 16-bit file use its range. Cameras save 10, 12, or 14 bits in 16, some programs 8, and read as
 * 16 such a photograph is almost black. A few hot pixels, which can have any value, do not make it one of 16 bits. Training decides
 * by the same rule (training/defectdiffu/data/image_files.py).
 */
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import type { Sharp } from 'sharp';

/** Without a value this large, a file uses less than a quarter of its range: probably 8, 10, 12, or 14 bits. */
const LEAST_16_BIT = 1 << 14;
const LARGEST = (1 << 16) - 1;
/** So many values may be larger, and do not count: these, or the share of all values. */
const HOT_VALUES = 4;
const HOT_SHARE = 1e-4;
/** The first is that of gray, too. */
const CHANNELS = ['red', 'green', 'blue'] as const;
/** Values that are counted before the event loop may run. */
const CHUNK = 100_000;

export interface UnclearDepth {
  /** Of the values that count. */
  readonly largestValue: number;
  /** How many values are larger. */
  readonly hotValues: number;
  /** 8, 10, 12, or 14. */
  readonly bits: number;
}

/**
 * Undefined for a file that uses its range, and for a black one.
 * @param open opens the image as it is stored, without its profile
 * @param colors the number of its channels that are not alpha
 */
export async function unclearDepth(
  open: () => Sharp,
  space: 'rgb16' | 'grey16',
  colors: number,
): Promise<UnclearDepth | undefined> {
  const channels = (await open().stats()).channels.slice(0, colors);
  let largestValue = Math.max(...channels.map(({ max }) => max));
  let hotValues = 0;
  if (largestValue >= LEAST_16_BIT) {
    const { width, height } = await open().metadata();
    const allowed = allowedHotValues(width * height * colors);
    const mean = channels.reduce((sum, channel) => sum + channel.mean, 0) / colors;
    // Most photographs are too bright for it, which their mean tells, without a look at each value.
    const brightest = LEAST_16_BIT - 1 + (allowed / (width * height * colors)) * (LARGEST - LEAST_16_BIT);
    if (mean > brightest) return undefined;
    largestValue = 0;
    // One channel at a time: all of them can have 240 MB.
    for (const channel of CHANNELS.slice(0, colors)) {
      const found = await countHot(open().toColourspace(space).extractChannel(channel), allowed - hotValues);
      hotValues += found.hotValues;
      largestValue = Math.max(largestValue, found.largestValue);
      if (hotValues > allowed) return undefined;
    }
  }
  if (largestValue === 0) return undefined;
  const bits = Math.max(8, 2 * Math.ceil(Math.ceil(Math.log2(largestValue + 1)) / 2));
  return { largestValue, hotValues, bits };
}

function allowedHotValues(values: number): number {
  return Math.max(HOT_VALUES, Math.floor(values * HOT_SHARE));
}

/** Stops when there are more than `allowed`. */
async function countHot(channel: Sharp, allowed: number): Promise<Pick<UnclearDepth, 'largestValue' | 'hotValues'>> {
  const bytes = await channel.raw({ depth: 'ushort' }).toBuffer();
  const values = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  let [largestValue, hotValues] = [0, 0];
  for (let start = 0; start < values.length && hotValues <= allowed; start += CHUNK) {
    for (const value of values.subarray(start, start + CHUNK)) {
      if (value >= LEAST_16_BIT) hotValues++;
      else if (value > largestValue) largestValue = value;
    }
    await turnOfTheLoop();
  }
  return { largestValue, hotValues };
}
