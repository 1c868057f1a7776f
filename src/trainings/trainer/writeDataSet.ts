/**
 * Writes a version of a data set into a folder in the MVTec AD layout, as the training package reads it: folders are named by the
 * words that the model reads, files by the ids of photographs and samples, and manifest.csv has the split.
 */
import { copyFile, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { requireFreeSpace } from '../../artifacts/freeSpace.js';
import type { ArtifactStore } from '../../artifacts/store.js';
import type { TenantScope } from '../../storage/tenantScope.js';
import { quote } from '../../errors.js';
import type { Member } from '../dataSetMembers.js';
import { membersOf } from '../dataSetMembers.js';
import type { NameKind } from '../trainableNames.js';
import { trainableName } from '../trainableNames.js';

/** A catalog import gave a product or a defect a name that cannot be a folder's, after the training was accepted. */
export class UntrainableName extends Error {
  override readonly name = 'UntrainableName';
}

/** Does nothing if the folder is there already. Throws `MissingArtifact`, `StoreUnavailable`, `UntrainableName`. */
export async function writeDataSet(
  scope: TenantScope,
  store: ArtifactStore,
  dataSetId: string,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  if (await isFolder(folder)) return;
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  try {
    await writeMembers(scope, store, dataSetId, partial, signal);
    await rename(partial, folder);
  } catch (error) {
    // On a full disk, everything else waits for this space.
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

async function writeMembers(
  scope: TenantScope,
  store: ArtifactStore,
  dataSetId: string,
  partial: string,
  signal: AbortSignal,
): Promise<void> {
  const made = new Set<string>();
  const copy = async (key: string, path: string): Promise<void> => {
    const target = join(partial, path);
    if (!made.has(dirname(target))) await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    made.add(dirname(target));
    await requireFreeSpace(partial);
    await copyFile(await store.local(scope.tenantId, key), target);
  };
  const splits = ['image,split'];
  for await (const member of membersOf(scope, dataSetId)) {
    signal.throwIfAborted();
    const paths = pathsOf(member);
    await copy(member.imageKey, paths.image);
    if (member.maskKey !== null && paths.mask !== undefined) await copy(member.maskKey, paths.mask);
    splits.push(`${quoted(paths.image)},${member.split.toLowerCase()}`);
  }
  await mkdir(partial, { recursive: true, mode: 0o700 });
  await writeFile(join(partial, 'manifest.csv'), `${splits.join('\n')}\n`);
}

/** Names become folders here, so they are checked here: a slash in one would lead out of the data set. */
function pathsOf({ id, product, defect, split }: Member): { readonly image: string; readonly mask?: string } {
  requireTrainable('product', product);
  if (defect !== null) requireTrainable('defect', defect);
  if (defect === null) return { image: `${product}/${split === 'TRAIN' ? 'train' : 'test'}/good/${id}.png` };
  return {
    image: `${product}/test/${defect}/${id}.png`,
    mask: `${product}/ground_truth/${defect}/${id}_mask.png`,
  };
}

function requireTrainable(kind: NameKind, promptName: string): void {
  if (trainableName(kind, promptName) === promptName) return;
  throw new UntrainableName(
    `the promptName ${quote(promptName)} of a ${kind} cannot be learnt; it was changed after the training was accepted`,
  );
}

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}
