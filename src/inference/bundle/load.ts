/**
 * Finds the bundles of a models directory, <name>/<version>/bundle.json, and verifies that every file is byte for byte the one that was
 * exported. onnxruntime itself does not notice flipped bits in a weight file.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { BundleError } from '../errors.js';
import { loadAdapter } from './adapter.js';
import { requireFolderNames, verifyFiles } from './files.js';
import type { Bundle } from './manifest.js';
import { parseManifest } from './validate.js';

const MANIFEST = 'bundle.json';
const ADAPTER_MANIFEST = 'adapter.json';

/**
 * All bundles and adapters of the directory, by name and then by version, newest last.
 * @throws BundleError for the first invalid bundle, and if there is none.
 */
export async function loadBundles(modelsDirectory: string): Promise<readonly Bundle[]> {
  const root = resolve(modelsDirectory);
  const folders = (await Promise.all((await subfolders(root)).map(subfolders))).flat();
  const files = await withFile(folders, MANIFEST);
  if (files.length === 0) {
    throw new BundleError(root, [
      `holds no model bundle; a bundle is a folder <name>/<version>/ with a ${MANIFEST} in it`,
    ]);
  }
  const bundles: Bundle[] = [];
  for (const file of files) bundles.push(await loadBundle(file));
  const adapters: Bundle[] = [];
  for (const file of await withFile(folders, ADAPTER_MANIFEST)) adapters.push(await loadAdapter(file, bundles));
  return [...bundles, ...adapters].sort(
    (a, b) => a.name.localeCompare(b.name) || compareVersions(a.version, b.version),
  );
}

/** The paths of this file in the folders that have it. */
async function withFile(folders: readonly string[], name: string): Promise<string[]> {
  const paths = folders.map((folder) => join(folder, name));
  const there = await Promise.all(paths.map(exists));
  return paths.filter((_, i) => there[i]);
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
