/** A bundle that is not what it says is refused, with the file, the place, what is wrong and what to do. */
import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Manifest } from '../../src/inference/index.js';
import { coverage, loadBundles } from '../../src/inference/index.js';
import { edit, folder, models, original, placement, refusal } from './editableBundle.js';

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
    const directory = join(models, 'tiny', version);
    await cp(join(original, 'tiny', '1.0.0'), directory, { recursive: true });
    await edit((manifest) => (manifest.version = version), directory);
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
