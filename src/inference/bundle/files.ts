/** The files that a manifest names: they exist in its folder, and are byte for byte those that were exported. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { BundleError } from '../errors.js';
import type { Adapter, Bundle, Component, Manifest, Variant } from './manifest.js';

/** Operators tell versions apart by the path. A copied folder with an unchanged manifest would be taken for another version. */
export function requireFolderNames({ name, version }: Pick<Manifest, 'name' | 'version'>, file: string): void {
  const directory = dirname(file);
  const expected = join(name, version);
  const actual = join(basename(dirname(directory)), basename(directory));
  if (actual !== expected) {
    throw new BundleError(file, [
      `says it is ${name} ${version} (/name, /version) but lies in ${actual}${sep}; move it to ${expected}${sep}`,
    ]);
  }
}

/** Read at a time. With the default of 64 KiB, half of the time goes into the chunks. */
const CHUNK_BYTES = 1024 * 1024;

/** A file, and the place of the manifest that names it. */
interface Listed {
  readonly place: string;
  readonly file: string;
  readonly sha256: string;
  readonly bytes?: number;
}

function listedFiles({ tokenizer, components }: Manifest, opened?: ReadonlySet<Variant>): Listed[] {
  const ofComponents = Object.entries(components).flatMap(([name, component]: [string, Component]) =>
    component.variants.flatMap((variant, v) => {
      if (opened?.has(variant) === false) return [];
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

/**
 * Verifies that every file of a bundle exists and is the one that was exported.
 * @param opened only the files of these variants, and those that are of no variant
 * @throws BundleError for the first file that is not.
 */
export async function verifyFiles(
  { manifest, directory }: Pick<Bundle, 'manifest' | 'directory'>,
  opened?: ReadonlySet<Variant>,
): Promise<void> {
  await verify(directory, listedFiles(manifest, opened));
}

/** The same for the file of an adapter. */
export async function verifyAdapter({
  directory,
  modulation,
}: Pick<Adapter, 'directory' | 'modulation'>): Promise<void> {
  await verify(directory, [{ ...modulation, place: '/modulation' }]);
}

async function verify(directory: string, files: readonly Listed[]): Promise<void> {
  const home = await realpath(directory);
  for (const { place, file, sha256, bytes } of files) {
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
  await pipeline(createReadStream(path, { highWaterMark: CHUNK_BYTES }), hash);
  return hash.digest('hex');
}
