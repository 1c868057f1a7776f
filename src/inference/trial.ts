/**
 * Tries a bundle that somebody brought, before a device that draws for others opens it: in a process of its own, for as long and with as much
 * memory as it may take. What its graphs compute depends on the sizes of their inputs alone (bundle/bundleGraph.ts), so what it took here
 * is what it takes later.
 */
import { readFile } from 'node:fs/promises';
import type { Bundle } from './bundle/manifest.js';
import { OWN_BUNDLE_ROWS, ROWS_PER_SAMPLE } from './capacity.js';
import { openDevice } from './device.js';
import { BundleError } from './errors.js';
import type { SampleRequest } from './types.js';

export interface TrialLimits {
  /** Of the processor, for opening it and for drawing twice. */
  readonly seconds: number;
  /** By which the memory of the process may grow. */
  readonly bytes: number;
}

const LOOK_MS = 50;
/** On a busy machine, a second of the processor can take minutes. */
const SILENCE_SECONDS = 600;
/** As many at a time as a device evaluates at a time. */
const SAMPLES = OWN_BUNDLE_ROWS / ROWS_PER_SAMPLE;
const MIB = 2 ** 20;

/** The bytes that it takes. @throws BundleError if it cannot be drawn with, or needs more than it may. */
export async function tryBundle(bundle: Bundle, limits: TrialLimits): Promise<number> {
  const device = openDevice('cpu', [], {
    precision: null,
    maximumRows: OWN_BUNDLE_ROWS,
    calibrationDirectory: null,
    watchdogSeconds: Math.max(SILENCE_SECONDS, 10 * limits.seconds),
    log: () => undefined,
    onStep: () => undefined,
    onChange: () => undefined,
  });
  const over = Promise.withResolvers<never>();
  over.promise.catch(() => undefined);
  try {
    await device.opened;
    const { pid = 0 } = device.info();
    const empty = await usageOf(pid);
    let most = 0;
    const looking = setInterval(() => {
      void usageOf(pid).then(({ bytes, seconds }) => {
        most = Math.max(most, bytes - empty.bytes);
        const problem = problemOf(most, seconds - empty.seconds, limits);
        if (problem !== undefined) over.reject(new BundleError(bundle.id, [problem]));
      });
    }, LOOK_MS);
    try {
      const drawing = (async () => {
        const opened = await device.openModel(bundle);
        await Promise.all(requestsOf(bundle).map((request) => device.generate(request, {})));
        return opened;
      })();
      drawing.catch(() => undefined);
      return Math.max(most, await Promise.race([drawing, over.promise]));
    } finally {
      clearInterval(looking);
    }
  } catch (error) {
    if (error instanceof BundleError) throw error;
    throw new BundleError(bundle.id, [`cannot be drawn with: ${(error as Error).message}`], { cause: error });
  } finally {
    await device.close();
  }
}

function problemOf(bytes: number, seconds: number, limits: TrialLimits): string | undefined {
  if (bytes > limits.bytes)
    return `takes ${String(Math.ceil(bytes / MIB))} MiB of memory to draw ${String(SAMPLES)} samples; at most ${String(Math.floor(limits.bytes / MIB))} are allowed`;
  if (seconds <= limits.seconds) return undefined;
  return `takes more than ${String(limits.seconds)} s of processor time to open and to draw ${String(SAMPLES)} samples in two steps`;
}

function requestsOf({ id, manifest }: Bundle): SampleRequest[] {
  const { vocabulary, defaults, ranges } = manifest;
  const [product = '', defect = ''] = [vocabulary.products[0], vocabulary.defects[0]];
  return Array.from({ length: SAMPLES }, (_, seed) => ({
    id: String(seed),
    bundle: id,
    product,
    defect,
    seed,
    strength: Math.max(1, ranges.strength.min),
    productScale: defaults.productScale,
    steps: Math.max(2, ranges.steps.min),
    sampler: 'DDIM',
    guidance: 'DOUBLE_FREE',
    maskMode: 'AVERAGE_FEATURES',
  }));
}

interface Usage {
  readonly bytes: number;
  /** Of the processor, of all threads. */
  readonly seconds: number;
}

/** From Linux's /proc. Elsewhere, the watchdog of the device is the only bound. */
async function usageOf(pid: number): Promise<Usage> {
  const read = (file: string): Promise<string> => readFile(`/proc/${String(pid)}/${file}`, 'utf8').catch(() => '');
  const [status, stat] = [await read('status'), await read('stat')];
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  return { bytes: 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0), seconds: ticks / 100 };
}
