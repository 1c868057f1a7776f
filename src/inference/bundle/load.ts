/**
 * Finds the bundles of a models directory, <name>/<version>/bundle.json, and verifies that every file is byte for byte the one that was
 * exported. onnxruntime itself does not notice flipped bits in a weight file.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { BundleError } from '../errors.js';
import type { Bundle, Component, Manifest } from './manifest.js';
import { parseManifest } from './validate.js';

const MANIFEST = 'bundle.json';

/**
 * All bundles of the directory, by name and then by version, newest last.
 * @throws BundleError for the first invalid bundle, and if there is none.
 */
export async function loadBundles(modelsDirectory: string): Promise<readonly Bundle[]> {
  const root = resolve(modelsDirectory);
  const folders = (await Promise.all((await subfolders(root)).map(subfolders))).flat();
  const files = (
    await Promise.all(
      folders.map(async (folder) => ((await exists(join(folder, MANIFEST))) ? [join(folder, MANIFEST)] : [])),
    )
  ).flat();
  if (files.length === 0) {
    throw new BundleError(root, [
      `holds no model bundle; a bundle is a folder <name>/<version>/ with a ${MANIFEST} in it`,
    ]);
  }
  const bundles: Bundle[] = [];
  for (const file of files) bundles.push(await loadBundle(file));
  return bundles.sort((a, b) => a.name.localeCompare(b.name) || compareVersions(a.version, b.version));
}

/** Loads one bundle. @param manifestFile its bundle.json @throws BundleError */
export async function loadBundle(manifestFile: string): Promise<Bundle> {
  const file = resolve(manifestFile);
  const directory = dirname(file);
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new BundleError(file, [`cannot be read: ${(error as Error).message}`], { cause: error });
  });
  const manifest = parseManifest(text, file);
  requireFolderNames(manifest, file);
  await verifyFiles({ manifest, directory });
  const { name, version } = manifest;
  return { id: `${name}@${version}`, name, version, directory, manifest };
}

/** Operators tell versions apart by the path. A copied folder with an unchanged manifest would be taken for another version. */
function requireFolderNames({ name, version }: Manifest, file: string): void {
  const directory = dirname(file);
  const expected = join(name, version);
  const actual = join(basename(dirname(directory)), basename(directory));
  if (actual !== expected) {
    throw new BundleError(file, [
      `says it is ${name} ${version} (/name, /version) but lies in ${actual}${sep}; move it to ${expected}${sep}`,
    ]);
  }
}

interface Listed {
  readonly place: string;
  readonly file: string;
  readonly sha256: string;
  readonly bytes?: number;
}

function listedFiles({ tokenizer, components }: Manifest): Listed[] {
  const ofComponents = Object.entries(components).flatMap(([name, component]: [string, Component]) =>
    component.variants.flatMap((variant, v) => {
      const place = `/components/${name}/variants/${String(v)}`;
      const external = (variant.externalData ?? []).map((data, e) => ({
        ...data,
        place: `${place}/externalData/${String(e)}`,
      }));
      return [{ ...variant, place }, ...external];
    }),
  );
  return [{ ...tokenizer, place: '/tokenizer' }, ...ofComponents];
}

/** Verifies that every file of a bundle exists and is the one that was exported. @throws BundleError for the first file that is not. */
export async function verifyFiles({ manifest, directory }: Pick<Bundle, 'manifest' | 'directory'>): Promise<void> {
  const home = await realpath(directory);
  for (const { place, file, sha256, bytes } of listedFiles(manifest)) {
    const path = join(directory, file);
    const real = await realpath(path).catch(() => null);
    if (real === null)
      throw new BundleError(path, [`is missing; the manifest names it at ${place}. Copy the bundle again, whole`]);
    if (relative(home, real).startsWith('..')) {
      throw new BundleError(path, [
        `is a link that leaves the bundle's folder, to ${real}; the manifest names it at ${place}. Put the file itself there`,
      ]);
    }
    const status = await stat(real);
    if (!status.isFile()) throw new BundleError(path, [`is not a file; the manifest names it at ${place}`]);
    if (bytes !== undefined && status.size !== bytes) {
      throw new BundleError(path, [
        `has ${String(status.size)} bytes, the manifest says ${String(bytes)} at ${place}/bytes; the copy is unfinished or is only a pointer to the file. Copy it again`,
      ]);
    }
    const actual = await sha256Of(real);
    if (actual !== sha256) {
      throw new BundleError(path, [
        `has SHA-256 ${actual}, the manifest says ${sha256} at ${place}/sha256; the file was changed or damaged. Copy it again`,
      ]);
    }
  }
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function subfolders(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
    throw new BundleError(directory, [`cannot be read: ${(error as Error).message}`], { cause: error });
  });
  const paths = entries.filter((entry) => !entry.name.startsWith('.')).map((entry) => join(directory, entry.name));
  // Links to folders are followed, because operators may keep bundles elsewhere.
  const isFolder = await Promise.all(
    paths.map(async (path) => (await stat(path).catch(() => null))?.isDirectory() ?? false),
  );
  return paths.filter((_, i) => isFolder[i]);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function compareVersions(a: string, b: string): number {
  const [x, y] = [a.split('.').map(Number), b.split('.').map(Number)];
  return x.reduce((difference, part, i) => difference || part - (y[i] ?? 0), 0);
}
