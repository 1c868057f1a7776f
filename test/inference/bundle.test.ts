/** A bundle that is not what it says is refused, with the file, the place, what is wrong and what to do. */
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Manifest, SampleRequest } from '../../src/inference/index.js';
import { BundleError, coverage, DeviceLostError, loadBundles, openEngine } from '../../src/inference/index.js';
import { generateAll } from './generateAll.js';

const original = fileURLToPath(new URL('./models', import.meta.url));
/** As deep as a JSON document may be changed by a test. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Editable = any;

let models: string;
let folder: string;
beforeEach(async () => {
  models = await mkdtemp(join(tmpdir(), 'models-'));
  await cp(original, models, { recursive: true });
  folder = join(models, 'tiny', '1.0.0');
});
afterEach(() => rm(models, { recursive: true }));

async function edit(change: (manifest: Editable) => void): Promise<void> {
  const path = join(folder, 'bundle.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as Editable;
  change(manifest);
  await writeFile(path, JSON.stringify(manifest));
}

async function refusal(opening: Promise<unknown> = loadBundles(models)): Promise<BundleError> {
  const error: unknown = await opening.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof BundleError)) throw new Error(`expected a BundleError, got ${String(error)}`);
  return error;
}

/** What the training package measures for drawing on photographs, of the tiny bundle's words. */
const placement = (): Editable => ({
  windows: { tile: 96, 'metal nut': 128 },
  shapes: { 'tile/crack': [[0.5, 0.4, 0.3, 0.02, 1.571]], 'metal nut/crack': [[0.1, 0.9, 0.05, 0.05, 0]] },
  scores: { 'tile/crack': { contrast: [9.5, 20, 31.25], maskAgreement: [0, 0.5, 0.75] } },
});

const hashOf = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

test('a sound bundle is loaded', async () => {
  const [bundle] = await loadBundles(models);
  expect(bundle).toMatchObject({ id: 'tiny@1.0.0', name: 'tiny', version: '1.0.0', directory: folder });
  expect(bundle?.manifest.vocabulary.products).toEqual(['metal nut', 'tile']);
});

test('what was measured of real defects comes with the bundle, of pairs that were never trained too', async () => {
  await edit((manifest) => (manifest.placement = placement()));
  expect((await loadBundles(models))[0]?.manifest.placement).toEqual(placement());
});

test('versions come in order, 1.10.0 after 1.9.0', async () => {
  for (const version of ['1.10.0', '1.9.0']) {
    await cp(join(original, 'tiny', '1.0.0'), join(models, 'tiny', version), { recursive: true });
    folder = join(models, 'tiny', version);
    await edit((manifest) => (manifest.version = version));
  }
  expect((await loadBundles(models)).map(({ id }) => id)).toEqual(['tiny@1.0.0', 'tiny@1.9.0', 'tiny@1.10.0']);
});

test('files that lie about in the models directory do no harm', async () => {
  await writeFile(join(models, 'README.md'), '');
  await symlink(join(models, 'README.md'), join(models, 'link'));
  await mkdir(join(models, '.partial', '1.0.0'), { recursive: true });
  expect(await loadBundles(models)).toHaveLength(1);
});

describe('a models directory', () => {
  test('without a bundle is refused', async () => {
    await rm(join(models, 'tiny'), { recursive: true });
    expect((await refusal()).message).toBe(
      `${models}: holds no model bundle; a bundle is a folder <name>/<version>/ with a bundle.json in it`,
    );
  });

  test('that does not exist is refused', async () => {
    expect((await refusal(loadBundles(join(models, 'nowhere')))).message).toContain('nowhere: cannot be read: ENOENT');
  });
});

describe('a file', () => {
  test('that is missing is named', async () => {
    await rm(join(folder, 'denoiser.onnx'));
    const error = await refusal();
    expect(error.file).toBe(join(folder, 'denoiser.onnx'));
    expect(error.message).toContain(
      'denoiser.onnx: is missing; the manifest names it at /components/denoiser/variants/0',
    );
  });

  test('with flipped bits is refused, which onnxruntime would load', async () => {
    const path = join(folder, 'denoiser.onnx');
    const content = await readFile(path);
    content.writeUInt8(content.readUInt8(2000) ^ 0xff, 2000);
    await writeFile(path, content);
    const { message } = await refusal();
    expect(message).toContain(`denoiser.onnx: has SHA-256 ${hashOf(content)}, the manifest says`);
    expect(message).toContain(
      'at /components/denoiser/variants/0/sha256; the file was changed or damaged. Copy it again',
    );
  });

  test('that was cut short is refused by its size', async () => {
    await writeFile(join(folder, 'image_decoder.onnx'), 'version https://git-lfs.github.com/spec/v1');
    expect((await refusal()).message).toMatch(
      /image_decoder.onnx: has 42 bytes, the manifest says 294 at .*only a pointer to the file/,
    );
  });

  test('of the tokenizer is checked too', async () => {
    await writeFile(join(folder, 'tokenizer.json'), '{}');
    expect((await refusal()).message).toContain('at /tokenizer/sha256');
  });

  test('of external data is checked too', async () => {
    await edit((manifest) => {
      manifest.components.denoiser.variants[0].externalData = [
        { file: 'denoiser.onnx.data', sha256: '0'.repeat(64), bytes: 5 },
      ];
    });
    expect((await refusal()).message).toContain(
      'denoiser.onnx.data: is missing; the manifest names it at /components/denoiser/variants/0/externalData/0',
    );
  });

  test('that is a link out of the folder is refused', async () => {
    await rename(join(folder, 'denoiser.onnx'), join(models, 'elsewhere.onnx'));
    await symlink(join(models, 'elsewhere.onnx'), join(folder, 'denoiser.onnx'));
    expect((await refusal()).message).toContain("denoiser.onnx: is a link that leaves the bundle's folder");
  });

  test('that is a folder is refused', async () => {
    await rm(join(folder, 'denoiser.onnx'));
    await mkdir(join(folder, 'denoiser.onnx'));
    expect((await refusal()).message).toContain('denoiser.onnx: is not a file');
  });
});

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

describe('coverage', () => {
  let manifest: Manifest;
  beforeEach(async () => {
    manifest = (await loadBundles(models))[0]?.manifest as Manifest;
  });

  test.each([
    ['metal nut', 'scratch', 'TRAINED'],
    ['metal nut', 'crack', 'ZERO_SHOT'],
    ['tile', 'good', 'TRAINED'],
    ['carpet', 'crack', 'UNSUPPORTED'],
    ['carpet', 'good', 'UNSUPPORTED'],
    ['tile', 'hole', 'UNSUPPORTED'],
    ['industry', 'crack', 'UNSUPPORTED'],
  ] as const)('of %s with %s is %s', (product, defect, expected) => {
    expect(coverage(manifest, product, defect)).toBe(expected);
  });
});
