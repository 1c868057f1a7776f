/**
 * An example client: requests defective images from a running service, follows the events, and writes the image, mask,
 * overlay, and twin (if there is one) of each sample to a folder as soon as it is ready.
 */
import '../requireNode.js';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DemoError, HELP, readOptions } from './options.js';
import type { Options } from './options.js';
import { connect } from './client.js';
import type { Client, GenerationEvent, ReadySample } from './client.js';
import { uploadImages } from './images.js';
import { createProgressBar } from './progressBar.js';

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options === 'help') {
    console.log(HELP);
    return;
  }
  const client = connect(options.url, options.key);
  const pair = await choosePair(client, options);
  const images = await uploadImages(client, pair, options);
  const generation = await client.generate({ ...pair, ...options.request, ...images });
  const { model, seed, strength } = generation;
  const verb = options.donor === undefined ? 'Drawing' : 'Transplanting';
  console.log(
    `${verb} ${String(options.request.count)} × ${pair.defectCode} on ${pair.partNumber} (${generation.coverage})`,
  );
  console.log(`model ${model}, seed ${String(seed)}, strength ${String(strength.min)} … ${String(strength.max)}`);

  const folder = resolve(options.out);
  await mkdir(folder, { recursive: true });
  const bar = createProgressBar(process.stdout, options.request.count);
  const written: string[] = [];
  for await (const event of client.follow(generation.id)) {
    bar.show(event);
    if (event.sample !== undefined)
      written.push(...(await save(event.sample, folder, `${pair.partNumber}_${pair.defectCode}`, generation.id)));
    throwIfFailed(event);
  }
  bar.end();
  console.log(`\n${String(written.length)} files in ${folder}:\n${written.map((name) => `  ${name}`).join('\n')}`);
}

/** The requested pair. Without one, the first pair that the model was trained on. */
async function choosePair(client: Client, { part, defect, request }: Options) {
  if (part !== undefined && defect !== undefined) return { partNumber: part, defectCode: defect };
  const pairs = (await client.pairs(request.model)).filter(
    (pair) => (part === undefined || pair.partNumber === part) && (defect === undefined || pair.defectCode === defect),
  );
  const best =
    pairs.find(({ coverage }) => coverage === 'TRAINED') ?? pairs.find(({ coverage }) => coverage === 'ZERO_SHOT');
  if (best === undefined)
    throw new DemoError(`The service has no product and defect that match ${part ?? defect ?? 'the request'}.`);
  return { partNumber: best.partNumber, defectCode: best.defectCode };
}

async function save(sample: ReadySample, folder: string, name: string, generation: string): Promise<string[]> {
  const { image, mask, overlay, twin } = sample;
  const files = { image: image.url, mask: mask.url, overlay: overlay.url, ...(twin && { twin: twin.url }) };
  const stem = `${name}_${generation.slice(-8)}_${String(sample.index).padStart(3, '0')}`;
  return Promise.all(
    Object.entries(files).map(async ([kind, url]) => {
      const response = await fetch(url);
      if (!response.ok) throw new DemoError(`${url} answered ${String(response.status)}: ${await response.text()}`);
      const file = `${stem}_${kind}.png`;
      await writeFile(join(folder, file), Buffer.from(await response.arrayBuffer()));
      return file;
    }),
  );
}

function throwIfFailed({ type, error }: GenerationEvent): void {
  if (type === 'GenerationFailed') throw new DemoError(`The generation failed: ${error?.message ?? 'no reason given'}`);
  if (type === 'GenerationCanceled') throw new DemoError('The generation was canceled.');
}

main().catch((error: unknown) => {
  console.error(error instanceof DemoError ? `\n${error.message}` : error);
  process.exit(1);
});
