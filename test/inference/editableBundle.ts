/** A copy of the tiny bundle that each test may change. Importing this file makes one before every test and removes it after. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BundleError, loadBundles } from '../../src/inference/index.js';

export const original = fileURLToPath(new URL('./models', import.meta.url));
/** As deep as a JSON document may be changed by a test. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Editable = any;

export let models: string;
export let folder: string;
beforeEach(async () => {
  models = await mkdtemp(join(tmpdir(), 'models-'));
  await cp(original, models, { recursive: true });
  folder = join(models, 'tiny', '1.0.0');
});
afterEach(() => rm(models, { recursive: true }));

export async function edit(change: (manifest: Editable) => void, directory = folder): Promise<void> {
  const path = join(directory, 'bundle.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as Editable;
  change(manifest);
  await writeFile(path, JSON.stringify(manifest));
}

export async function refusal(opening: Promise<unknown> = loadBundles(models)): Promise<BundleError> {
  const error: unknown = await opening.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof BundleError)) throw new Error(`expected a BundleError, got ${String(error)}`);
  return error;
}

/** What the training package measures for drawing on photographs, of the tiny bundle's words. */
export const placement = (): Editable => ({
  windows: { tile: 96, 'metal nut': 128 },
  shapes: { 'tile/crack': [[0.5, 0.4, 0.3, 0.02, 1.571]], 'metal nut/crack': [[0.1, 0.9, 0.05, 0.05, 0]] },
  scores: { 'tile/crack': { contrast: [9.5, 20, 31.25], maskAgreement: [0, 0.5, 0.75] } },
});
