/** The measured step curve of a bundle on a device, cached in a file for the next start. If the file cannot be read, it is measured again. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as ort from 'onnxruntime-node';

import type { Bundle } from '../../bundle/manifest.js';
import type { CurvePoint } from '../../capacity.js';
import type { ExecutionOptions, Provider } from '../model/sessions.js';
import { chooseVariant, precisionOf } from '../model/sessions.js';

/** Everything that a measurement depends on. With another key, it is made again. */
export interface CalibrationKey {
  readonly device: string;
  readonly provider: Provider;
  readonly runtime: string;
  readonly processor: string;
  readonly cores: number;
  readonly graphicsCards: readonly string[];
  readonly bundle: string;
  /** SHA-256 of the denoiser's graph that was chosen for the device. */
  readonly denoiser: string;
}

/** A batch of more samples exceeds the upper bound of MAX_ROWS, so a file that names one is invalid. */
const MAX_SAMPLES = 3_333;

interface Content {
  readonly key: CalibrationKey;
  readonly curve: readonly CurvePoint[];
}

export async function calibrationKey(
  device: string,
  options: ExecutionOptions,
  bundle: Bundle,
): Promise<CalibrationKey> {
  return {
    device,
    provider: options.provider,
    runtime: `onnxruntime ${ort.env.versions.node ?? ''}`,
    processor: cpus()[0]?.model ?? '',
    cores: availableParallelism(),
    graphicsCards: await graphicsCards(),
    bundle: bundle.id,
    denoiser: chooseVariant(bundle.manifest.components.denoiser, precisionOf(bundle.manifest, options)).sha256,
  };
}

/** NVIDIA's cards, as the driver lists them. The runtime does not tell which card it uses. */
async function graphicsCards(): Promise<string[]> {
  const folder = '/proc/driver/nvidia/gpus';
  const cards = await readdir(folder).catch(() => []);
  const texts = await Promise.all(
    cards.map((card) => readFile(join(folder, card, 'information'), 'utf8').catch(() => '')),
  );
  return texts.map((text) => /Model:\s*(.+)/.exec(text)?.[1] ?? '').sort();
}

export async function readCalibration(directory: string, key: CalibrationKey): Promise<readonly CurvePoint[] | null> {
  try {
    const content = JSON.parse(await readFile(fileOf(directory, key), 'utf8')) as Content;
    return isDeepStrictEqual(content.key, key) && isCurve(content.curve) ? content.curve : null;
  } catch {
    return null;
  }
}

function isCurve(value: unknown): value is readonly CurvePoint[] {
  const isPoint = ({ samples, seconds }: CurvePoint): boolean =>
    Number.isInteger(samples) && samples > 0 && samples <= MAX_SAMPLES && seconds > 0;
  return Array.isArray(value) && value.length > 0 && (value as CurvePoint[]).every(isPoint);
}

/** Writes the file atomically. If it cannot be written, the next start measures again. */
export async function writeCalibration(
  directory: string,
  key: CalibrationKey,
  curve: readonly CurvePoint[],
): Promise<void> {
  const file = fileOf(directory, key);
  const draft = `${file}.${String(process.pid)}`;
  try {
    await mkdir(directory, { recursive: true });
    await writeFile(draft, `${JSON.stringify({ key, curve }, null, 2)}\n`);
    await rename(draft, file);
  } catch {
    await rm(draft, { force: true }).catch(() => undefined);
  }
}

function fileOf(directory: string, key: CalibrationKey): string {
  const hash = createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 16);
  return join(directory, `${key.bundle}-${key.device}-${hash}.json`.replaceAll(/[^\w.@-]/g, '_'));
}
