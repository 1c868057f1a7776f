/**
 * Generates one sample from a bundle to PNG files, without the service. This file shows the whole path of a sample.
 *
 *   node dist/inference/sample.js models/<name>/<version> --product "metal nut" --defect scratch --seed 7 --out drawn/
 *
 * With `--noise latent.f32` (raw little-endian float32, C×h×w), the initial noise is read from a file, to compare with another
 * implementation.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { loadBundle } from './bundle/load.js';
import type { Manifest } from './bundle/manifest.js';
import { PRECISIONS } from './bundle/manifest.js';
import { createJob } from './device/sample/createJob.js';
import { isDenoised } from './device/sample/job.js';
import { openModel } from './device/model/model.js';
import { encodeSample } from './device/sample/encodeSample.js';
import { executionOptions } from './device/model/sessions.js';
import { denoiseStep } from './device/sample/denoisingStep.js';
import { validateRequest } from './validateRequest.js';
import type { GuidanceName, MaskMode, SampleRequest, SamplerName } from './types.js';

try {
  await main();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values: given, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      product: { type: 'string' },
      defect: { type: 'string' },
      seed: { type: 'string', default: '0' },
      strength: { type: 'string' },
      'product-scale': { type: 'string' },
      steps: { type: 'string' },
      sampler: { type: 'string' },
      guidance: { type: 'string' },
      'mask-mode': { type: 'string', default: 'AVERAGE_FEATURES' },
      noise: { type: 'string' },
      device: { type: 'string', default: 'cpu' },
      precision: { type: 'string' },
      out: { type: 'string', default: '.' },
    },
  });
  const bundle = await loadBundle(join(positionals[0] ?? '.', 'bundle.json'));
  const { defaults, vocabulary } = bundle.manifest;
  const [anyProduct = '', anyDefect = ''] = vocabulary.trainedPairs[0] ?? [];
  const request: SampleRequest = {
    id: 'sample',
    bundle: bundle.id,
    product: given.product ?? anyProduct,
    defect: given.defect ?? anyDefect,
    seed: Number(given.seed),
    strength: Number(given.strength ?? defaults.strength),
    productScale: Number(given['product-scale'] ?? defaults.productScale),
    steps: Number(given.steps ?? defaults.steps),
    sampler: (given.sampler ?? defaults.sampler) as SamplerName,
    guidance: (given.guidance ?? defaults.guidance) as GuidanceName,
    maskMode: given['mask-mode'] as MaskMode,
  };
  validateRequest(request, bundle);
  const precision = PRECISIONS.find((one) => one === given.precision) ?? null;
  if (given.precision !== undefined && precision === null)
    throw new RangeError(`precision must be one of ${PRECISIONS.join(', ')}, got "${given.precision}"`);

  const model = await openModel(bundle, executionOptions(given.device, precision));
  const began = performance.now();
  const job = await createJob(
    model,
    request,
    given.noise === undefined ? undefined : await readNoise(given.noise, bundle.manifest),
  );
  let pixels = null;
  while (pixels === null) {
    while (!isDenoised(job)) {
      const [failure] = await denoiseStep(model, job.states);
      if (failure) throw failure.error;
    }
    pixels = await job.finishPhase(job);
  }
  const result = await encodeSample(request.id, pixels);
  const seconds = (performance.now() - began) / 1000;

  await mkdir(given.out, { recursive: true });
  for (const image of ['image', 'mask', 'overlay'] as const)
    await writeFile(join(given.out, `${image}.png`), result[image]);
  const { areaFraction, boundingBoxes, confidence } = result;
  process.stdout.write(`${JSON.stringify({ ...request, seconds, areaFraction, boundingBoxes, confidence })}\n`);
}

async function readNoise(path: string, { latent }: Manifest): Promise<Float32Array> {
  const bytes = await readFile(path);
  const { channels, height, width } = latent;
  const noise = Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
  if (noise.length !== channels * height * width)
    throw new RangeError(
      `${path} holds ${String(noise.length)} numbers, the latent has ${String(channels * height * width)}`,
    );
  return noise;
}
