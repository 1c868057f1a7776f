/** The validation of manifests. */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Editable } from './editableBundle.js';
import { edit, folder, models, placement, refusal } from './editableBundle.js';

describe('a manifest', () => {
  test('that is not JSON is refused', async () => {
    await writeFile(join(folder, 'bundle.json'), '{"formatVersion": 1,');
    expect((await refusal()).message).toMatch(/bundle.json: is not JSON: /);
  });

  test('that lies in another folder than it says is refused', async () => {
    await rename(folder, join(models, 'tiny', '2.0.0'));
    expect((await refusal()).message).toContain(
      'says it is tiny 1.0.0 (/name, /version) but lies in tiny/2.0.0/; move it to tiny/1.0.0/',
    );
  });

  test('with several mistakes tells all of them', async () => {
    await edit((manifest) => {
      delete manifest.license;
      manifest.schedule.predictionType = 'v_prediction';
      manifest.latent.channels = 0;
    });
    const { problems, message } = await refusal();
    expect(problems).toEqual([
      "/: must have required property 'license'",
      '/latent/channels: must be >= 1',
      '/schedule/predictionType: must be "epsilon"',
    ]);
    expect(message).toContain('bundle.json:\n  - /: must have');
  });

  test('with very many mistakes tells the first ones', async () => {
    await edit((manifest) => (manifest.vocabulary.products = Array.from({ length: 50 }, (_, i) => i)));
    const { problems, message } = await refusal();
    expect(problems.length).toBeGreaterThanOrEqual(50);
    expect(message.split('\n').slice(20)).toEqual([
      '  - /vocabulary/products/19: must be string',
      `  and ${String(problems.length - 20)} more`,
    ]);
  });

  const mistakes: [string, (manifest: Editable) => void, string][] = [
    [
      'of a later format',
      (m) => (m.formatVersion = 2),
      '/formatVersion: is 2, this engine reads 1; use the release of the service',
    ],
    ['without a format', (m) => delete m.formatVersion, "/: must have required property 'formatVersion'"],
    [
      'whose file escapes the folder',
      (m) => (m.components.denoiser.variants[0].file = '../denoiser.onnx'),
      "/components/denoiser/variants/0/file: must name a file in the bundle's own folder",
    ],
    [
      'whose file is an absolute path',
      (m) => (m.tokenizer.file = '/etc/passwd'),
      "/tokenizer/file: must name a file in the bundle's own folder",
    ],
    ['with a property it does not know', (m) => (m.maks = {}), '/: has an unknown property "maks"'],
    [
      'with an unknown sampler',
      (m) => (m.defaults.sampler = 'EULER'),
      '/defaults/sampler: must be one of ["DDPM","DDIM","DPM_SOLVER_PP"]',
    ],
    ['without products', (m) => (m.vocabulary.products = []), '/vocabulary/products: must NOT have fewer than 1 items'],
    [
      'with a product twice',
      (m) => (m.vocabulary.products = ['tile', 'tile']),
      '/vocabulary/products: must NOT have duplicate items',
    ],
    [
      'with a template that forgets the defect',
      (m) => (m.prompts.fusion = 'a photo of {product}'),
      '/prompts/fusion: must match pattern',
    ],
    [
      'whose trained pair has an unknown product',
      (m) => m.vocabulary.trainedPairs.push(['carpet', 'crack']),
      '/vocabulary/trainedPairs/2: product "carpet" is not in /vocabulary/products',
    ],
    [
      'whose trained pair has an unknown defect',
      (m) => m.vocabulary.trainedPairs.push(['tile', 'hole']),
      '/vocabulary/trainedPairs/2: defect "hole" is not in /vocabulary/defects',
    ],
    [
      'whose alias leads nowhere',
      (m) => (m.vocabulary.aliases.poke = 'hole'),
      '/vocabulary/aliases/poke: defect "hole" is not in /vocabulary/defects',
    ],
    [
      'that lists the normal state as a defect',
      (m) => m.vocabulary.defects.push('good'),
      '/vocabulary/defects: lists "good", which is the word of the normal state',
    ],
    [
      'that lists the null product as a product',
      (m) => m.vocabulary.products.push('industry'),
      '/vocabulary/products: lists "industry", which stands for no product',
    ],
    [
      'whose range is upside down',
      (m) => (m.ranges.strength = { min: 3, max: 1 }),
      '/ranges/strength: min 3 is above max 1',
    ],
    [
      'whose default is out of range',
      (m) => (m.defaults.strength = 9),
      '/defaults/strength: 9 is outside /ranges/strength, 0 to 5',
    ],
    [
      'with more steps than timesteps',
      (m) => (m.ranges.steps.max = 1001),
      '/ranges/steps: must lie between 1 and /schedule/numTrainTimesteps, 1000',
    ],
    ['whose betas fall', (m) => (m.schedule.betaStart = 0.5), '/schedule/betaStart: is above /schedule/betaEnd'],
    [
      'with a component missing',
      (m) => delete m.components.image_decoder,
      "/components: must have required property 'image_decoder'",
    ],
    [
      'without an input that the engine feeds',
      (m) => m.components.denoiser.inputs.shift(),
      '/components/denoiser/inputs: "latent" is missing; the engine feeds it',
    ],
    [
      'with an input that the engine does not know',
      (m) => m.components.denoiser.inputs.push('style'),
      '/components/denoiser/inputs: the engine does not know "style"',
    ],
    [
      'with a learned variance that no output gives',
      (m) => (m.schedule.varianceType = 'learned_range'),
      '/components/denoiser/outputs: "variance" is missing; the engine reads it',
    ],
    [
      'that measured an unknown product',
      (m) => (m.placement.windows.carpet = 128),
      '/placement/windows: product "carpet" is not in /vocabulary/products',
    ],
    [
      'with the shapes of an unknown defect',
      (m) => (m.placement.shapes['tile/hole'] = m.placement.shapes['tile/crack']),
      '/placement/shapes: "tile/hole" is no <product>/<defect> of /vocabulary',
    ],
    [
      'with the scores of an unknown product',
      (m) => (m.placement.scores['carpet/crack'] = m.placement.scores['tile/crack']),
      '/placement/scores: "carpet/crack" is no <product>/<defect> of /vocabulary',
    ],
    [
      'with the shapes of the normal state',
      (m) => (m.placement.shapes['tile/good'] = m.placement.shapes['tile/crack']),
      '/placement/shapes: "tile/good" is no <product>/<defect> of /vocabulary',
    ],
    [
      'with a pair that has no shape',
      (m) => (m.placement.shapes['tile/crack'] = []),
      '/placement/shapes/tile~1crack: must NOT have fewer than 1 items',
    ],
    [
      'with no shape at all',
      (m) => (m.placement.shapes = {}),
      '/placement/shapes: must NOT have fewer than 1 properties',
    ],
    [
      'with a shape outside the window',
      (m) => (m.placement.shapes['tile/crack'][0][1] = 1.2),
      '/placement/shapes/tile~1crack/0/1: must be <= 1',
    ],
    [
      'with a shape without an angle',
      (m) => m.placement.shapes['tile/crack'][0].pop(),
      '/placement/shapes/tile~1crack/0: must NOT have fewer than 5 items',
    ],
    ['with windows of no pixels', (m) => (m.placement.windows.tile = 0), '/placement/windows/tile: must be >= 8'],
    [
      'whose percentiles fall',
      (m) => (m.placement.scores['tile/crack'].contrast = [9, 7, 11]),
      '/placement/scores: the percentiles of contrast of "tile/crack" fall',
    ],
    [
      'with a score it does not know',
      (m) => (m.placement.scores['tile/crack'].beauty = [0, 0, 0]),
      '/placement/scores/tile~1crack: has an unknown property "beauty"',
    ],
  ];
  test.each(mistakes)('%s is refused', async (_, change, message) => {
    await edit((manifest) => {
      manifest.placement = placement();
      change(manifest);
    });
    const error = await refusal();
    expect(error.file).toBe(join(folder, 'bundle.json'));
    expect(error.message).toContain(`bundle.json: ${message}`);
    expect(error.problems).toHaveLength(1);
  });

  test.each(['[]', '"bundle"', 'null'])('that is %s is refused', async (text) => {
    await writeFile(join(folder, 'bundle.json'), text);
    expect((await refusal()).message).toContain('/: must be object');
  });
});
