/** A tenant's bundle as the store has it, opened as a worker opens it: unpacked from its archive, verified, and opened by the device. */
import { createReadStream, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type * as ZipWriter from '../src/artifacts/zipWriter.js';
import type * as Inference from '../src/inference/index.js';
import type * as BundleFolder from '../src/models/bundleFolder.js';
import { importBuilt } from './importBuilt.ts';

const { createZipWriter } = await importBuilt<typeof ZipWriter>('artifacts/zipWriter.js');
const { unpackBundle } = await importBuilt<typeof BundleFolder>('models/bundleFolder.js');

/** Milliseconds until it can be drawn with, each time anew. */
export async function timeOwnBundle(
  engine: Inference.Engine,
  bundle: Inference.Bundle,
  rounds: number,
): Promise<number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'own-bundle-'));
  try {
    const archive = join(folder, 'bundle.zip');
    const zip = createZipWriter(archive, new Date(0));
    for (const name of readdirSync(bundle.directory))
      await zip.stored(name, createReadStream(join(bundle.directory, name)));
    const { bytes } = await zip.end();
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const [directory, id] = [join(folder, String(round)), `own-${String(round)}@1.0.0`];
      const began = performance.now();
      await unpackBundle(archive, directory, bytes);
      await engine.openModel({ ...bundle, id, directory });
      times.push(performance.now() - began);
      engine.closeModel(id);
    }
    return times;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
