/**
 * Decodes the photographs of an archive, one at a time and in turns with the uploads of all tenants, and writes those to
 * the store that the tenant does not have. No row names them yet.
 */
import { recordPending, renewPending } from '../../artifacts/pendingFiles.js';
import type { ArtifactStore } from '../../artifacts/store.js';
import { newArtifactKey } from '../../artifacts/store.js';
import type { NewArtifact } from '../../artifacts/writeArtifacts.js';
import { ServiceError } from '../../errors.js';
import type { FairSemaphore } from '../../fairSemaphore.js';
import type { Pixels } from '../../references/decodeImage.js';
import { decodePhotograph, encodePng, hashOf } from '../../references/decodeImage.js';
import { headerOf, weightOf } from '../../references/decodingWeight.js';
import { photographHash } from '../../references/decodedFiles.js';
import { masksOf } from '../../references/masks.js';
import { referencesOf } from '../../references/references.js';
import type { TenantScope } from '../../storage/tenantScope.js';
import type { FolderIds } from './catalogFolders.js';
import type { StoredPhotograph } from './insertPhotographs.js';
import type { Archive } from './openArchive.js';
import type { Layout, PackedPhotograph } from './packed.js';
import type { Problems } from './problems.js';
import { PackedFileError, readPackedMask, withoutField } from './readMask.js';

/** Far below the time after which a writer is taken for dead. */
const RENEWAL_MS = 60_000;

export interface ReadingContext {
  readonly scope: TenantScope;
  readonly store: ArtifactStore;
  readonly decoding: FairSemaphore;
  /** Throws when the tenant has no storage left for so many bytes. */
  requireStorage(tx: TenantScope, bytes: number): Promise<void>;
}

/**
 * Adds what is wrong with the files to `problems`; from then on, files are only checked and no longer written.
 * @param keys gets the key of every file before it is written, also if this throws
 */
export async function readPhotographs(
  { scope, store, decoding, requireStorage }: ReadingContext,
  archive: Archive,
  { photographs, root }: Pick<Layout, 'photographs' | 'root'>,
  folders: FolderIds,
  problems: Problems,
  keys: string[],
): Promise<readonly StoredPhotograph[]> {
  const found: StoredPhotograph[] = [];
  /** By what is stored once: the name of the file that had it first. */
  const first = new Map<string, string>();
  /** By product and pixels: what was said of them first. */
  const shown = new Map<string, PackedPhotograph>();
  let renewed = Date.now();
  let written = 0;

  async function write({ width, height, ...image }: Pixels): Promise<NewArtifact> {
    const png = await encodePng({ width, height, ...image });
    // A small file can be a large photograph: what does not fit is not written first.
    written += png.byteLength;
    await requireStorage(scope, written);
    const key = newArtifactKey('png');
    await recordPending(scope, [key]);
    keys.push(key);
    await store.put(scope.tenantId, key, png);
    return { key, contentType: 'image/png', width, height, bytes: png.byteLength, createdAt: new Date() };
  }

  async function read(listed: PackedPhotograph, file: Buffer, orientation: number): Promise<void> {
    const pixels = await decodePhotograph(file);
    const marked = await readPackedMask(archive, listed, pixels, orientation);
    const packed = marked === null ? { ...listed, defect: null } : listed;
    const productId = folders.products.get(packed.product);
    const defectId = folders.defects.get(packed.defect ?? '') ?? null;
    const pixelHash = await hashOf(pixels);
    const same = [packed.product, packed.defect, pixelHash, marked?.mask.hash].join('\n');
    const earlier = first.get(same);
    if (earlier !== undefined) return problems.add(`${packed.name}: has the pixels of ${earlier}: keep one of them`);
    first.set(same, packed.name);
    const other = shown.get(`${packed.product}\n${pixelHash}`);
    if (other !== undefined && (other.defect === null) !== (packed.defect === null))
      return problems.add(
        `${packed.name}: has the pixels of ${other.name}, and one shows a good part, the other a defect: keep one`,
      );
    shown.set(`${packed.product}\n${pixelHash}`, packed);
    if (problems.count > 0 || productId === undefined) return;
    const known = await knownFiles(scope, { productId, defectId, pixelHash, maskHash: marked?.mask.hash });
    const isNewMask = marked !== null && !known.mask && !found.some(({ mask }) => mask?.hash === marked.mask.hash);
    const { width, height } = pixels;
    found.push({
      name: packed.name.slice(root.length),
      productId,
      defectId,
      width,
      height,
      pixelHash,
      mask: marked?.mask ?? null,
      file: known.photograph ? undefined : await write(pixels),
      maskFile: isNewMask ? await write(marked.pixels) : undefined,
    });
  }

  for (const packed of photographs) {
    if (Date.now() - renewed > RENEWAL_MS && keys.length > 0) {
      await renewPending(scope, keys);
      renewed = Date.now();
    }
    await addingProblems(problems, packed.name, async () => {
      const file = await archive.read(packed.name);
      const header = await headerOf(file);
      await decoding.run(scope.tenantId, weightOf(header), () => read(packed, file, header?.orientation ?? 1));
    });
  }
  return found;
}

/** Errors about the file become problems that name it. What ends the whole archive, or is no fault of the file, is thrown. */
async function addingProblems(problems: Problems, name: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof PackedFileError) problems.add(`${error.file}: ${error.message}`);
    else if (error instanceof ServiceError && /^(IMAGE|MASK)_/.test(error.code))
      problems.add(`${name}: ${withoutField(error)}`);
    else throw error;
  }
}

interface Hashes {
  readonly productId: string;
  readonly defectId: string | null;
  readonly pixelHash: string;
  readonly maskHash: string | undefined;
}

/** Which files the tenant has already. A photograph with an unknown mask is unknown. */
async function knownFiles(
  scope: TenantScope,
  { productId, defectId, pixelHash, maskHash }: Hashes,
): Promise<{ photograph: boolean; mask: boolean }> {
  const mask = maskHash === undefined ? undefined : await masksOf(scope).withHash(maskHash);
  if (maskHash !== undefined && mask === undefined) return { photograph: false, mask: false };
  const hash = photographHash(pixelHash, { defectId, maskId: mask?.id ?? null });
  return { photograph: (await referencesOf(scope).withHash(productId, hash)) !== undefined, mask: true };
}
