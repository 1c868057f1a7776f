/** What opening the graphs and the tokenizer of a bundle finds, with a real engine. */
import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { SampleRequest, BundleError } from '../../src/inference/index.js';
import { DeviceLostError, openEngine } from '../../src/inference/index.js';
import { generateAll } from './generateAll.js';
import type { Editable } from './editableBundle.js';
import { edit, folder, models, refusal } from './editableBundle.js';

const hashOf = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

describe('a graph', () => {
  /** Puts content in the place of a component's file, with a manifest that agrees. */
  async function replace(component: string, content: Uint8Array): Promise<void> {
    await writeFile(join(folder, `${component}.onnx`), content);
    await edit((manifest) => {
      Object.assign(manifest.components[component].variants[0], { sha256: hashOf(content), bytes: content.length });
    });
  }
  const open = (): Promise<BundleError> => refusal(openEngine({ modelsDirectory: models, maximumRows: 6 }));

  test('that is none is refused when the device opens', async () => {
    await replace('denoiser', Buffer.from('<html>not found</html>'));
    expect((await open()).message).toContain('denoiser.onnx: is not a graph that onnxruntime can open');
  });

  test('of another component is refused: its inputs are not those of the manifest', async () => {
    await replace('denoiser', await readFile(join(folder, 'image_decoder.onnx')));
    const { file, problems } = await open();
    expect(file).toBe(join(folder, 'denoiser.onnx'));
    expect(problems).toContain(
      'the graph has no input "timestep", which the manifest names at /components/denoiser/inputs; it has latent',
    );
    expect(problems).toContain(
      'the graph has no output "noise", which the manifest names at /components/denoiser/outputs; it has image',
    );
  });

  test('without an output that the manifest lists is refused', async () => {
    await edit((manifest) => manifest.components.denoiser.outputs.push('map'));
    expect((await open()).problems).toEqual([
      'the graph has no output "map", which the manifest names at /components/denoiser/outputs; it has noise, mask_feature',
    ]);
  });
});

test('a file that was changed while the engine ran is not loaded by the worker that comes after', async () => {
  const engine = await openEngine({ modelsDirectory: models, maximumRows: 6 });
  const path = join(folder, 'denoiser.onnx');
  const content = await readFile(path);
  content.writeUInt8(content.readUInt8(2000) ^ 0xff, 2000);
  await writeFile(path, content);
  const request: SampleRequest = {
    ...{
      id: 'a',
      bundle: 'tiny@1.0.0',
      product: 'tile',
      defect: 'crack',
      seed: 1,
      strength: 1,
      productScale: 1,
      steps: 999,
    },
    ...{ sampler: 'DDIM', guidance: 'DOUBLE_FREE', maskMode: 'AVERAGE_FEATURES' },
  };
  const draw = generateAll(engine, [request], {
    onStarted: () => void process.kill(engine.devices()[0]?.pid ?? 0, 'SIGKILL'),
    onSample: () => undefined,
  });
  await expect(draw).rejects.toBeInstanceOf(DeviceLostError);
  await expect(draw).rejects.toThrow('denoiser.onnx: has SHA-256');
  expect(engine.devices()[0]?.state).toBe('FAILED');
  await expect(generateAll(engine, [request], { onSample: () => undefined })).rejects.toThrow(
    'every device has failed',
  );
  await engine.close();
});

describe('a tokenizer', () => {
  async function replace(change: (tokenizer: Editable) => void): Promise<void> {
    const path = join(folder, 'tokenizer.json');
    const tokenizer = JSON.parse(await readFile(path, 'utf8')) as Editable;
    change(tokenizer);
    await writeFile(path, JSON.stringify(tokenizer));
    await edit((manifest) => (manifest.tokenizer.sha256 = hashOf(Buffer.from(JSON.stringify(tokenizer)))));
  }
  const open = (): Promise<BundleError> => refusal(openEngine({ modelsDirectory: models, maximumRows: 6 }));

  test('that does not know a word of the vocabulary is refused', async () => {
    await replace((tokenizer) => delete tokenizer.model.vocab.nut);
    const { file, problems } = await open();
    expect(file).toBe(join(folder, 'tokenizer.json'));
    expect(problems).toEqual([expect.stringContaining('does not know "metal nut"')]);
  });

  test('that makes more tokens than the text encoder takes is refused', async () => {
    const words = 'a photo of '.repeat(4);
    await edit((manifest) => (manifest.prompts.fusion = `${words}{defect} {product}`));
    expect((await open()).message).toContain(
      `makes 17 tokens of "${words}good metal nut", the text encoder takes 12 (/tokenizer/contextLength)`,
    );
  });

  test('that is none is refused', async () => {
    await replace((tokenizer) => (tokenizer.model = null));
    expect((await open()).message).toContain('tokenizer.json: is not a tokenizer');
  });
});
