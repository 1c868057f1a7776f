/** Whether a device draws what the CPU draws in fp32, from the same seeds. */
import type { Precision } from '../../src/inference/bundle/manifest.ts';
import type * as Inference from '../../src/inference/index.ts';
import { overlap, pixelsOf, psnr } from '../../test/inference/images.ts';
import { drawnBundle } from '../bundle.ts';
import { importBuilt } from '../importBuilt.ts';
import { MODELS, options, report, requestsFor } from './options.ts';
import { generateAll } from '../generateAll.ts';

const { openEngine } = await importBuilt<typeof Inference>('inference/index.js');
const IMAGES = 5;

export async function compareImages(): Promise<void> {
  const [theirs, ours] = await Promise.all([drawnOn('cpu', 'fp32'), drawnOn(options.device, options.precision)]);
  for (const [id, own] of ours) {
    const other = theirs.get(id);
    const [image, reference] = await Promise.all([pixelsOf(own.image), pixelsOf(other?.image)]);
    const [mask, referenceMask] = await Promise.all([pixelsOf(own.mask), pixelsOf(other?.mask)]);
    const decibels = psnr(image.data, reference.data);
    report({
      image: id,
      // JSON has no infinity.
      psnr: Number.isFinite(decibels) ? decibels : 'equal',
      maskIou: overlap(mask.data, referenceMask.data),
      maskShare: own.areaFraction,
    });
  }
}

async function drawnOn(device: string, precision: Precision): Promise<Map<string, Inference.SampleResult>> {
  // In threes: images of a batch, as in service.
  const engine = await openEngine({ modelsDirectory: MODELS, devices: [device], precision, maximumRows: 9 });
  try {
    const bundle = drawnBundle(engine);
    const requests = requestsFor(bundle.id, bundle.manifest.vocabulary.trainedPairs, IMAGES, '');
    const results = new Map<string, Inference.SampleResult>();
    const began = performance.now();
    for (const result of await generateAll(engine, requests)) results.set(result.id, result);
    report({
      drawnOn: device,
      precisions: engine.devices()[0]?.precisions,
      seconds: (performance.now() - began) / 1000,
    });
    return results;
  } finally {
    await engine.close();
  }
}
