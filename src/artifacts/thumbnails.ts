/**
 * Small copies of images, for lists. The first request makes one and stores it beside its image, under a name that
 * follows from the image's: an image never changes, so neither does its thumbnail. A lost one is made again. No row
 * names it; it is removed with its image.
 */
import sharp from 'sharp';
import { createFairSemaphore } from '../fairSemaphore.js';
import type { Database } from '../storage/database.js';
import { eq } from '../storage/drizzle.js';
import { artifacts } from '../storage/tables.js';
import { forTenant } from '../storage/tenantScope.js';
import type { ArtifactStore } from './store.js';
import { MissingArtifact, THUMBNAIL_SIDES } from './store.js';

/** Of the weights below: a tenant that opens a gallery of large photographs leaves room for the others. */
const MAKING = { total: 3, perTenant: 2, waitingPerTenant: 500, what: 'thumbnails' };
const LARGE_PIXELS = 20_000_000;
const MAX_PIXELS = 40_000_000;
const SECONDS = 30;
const QUALITY = 80;
/** A line of a mask that is an eighth as wide as one pixel of the thumbnail still shows. */
const MASK_THRESHOLD = 32;

const SIDES = Object.values(THUMBNAIL_SIDES);

type ThumbnailSide = (typeof SIDES)[number];

const NAME = new RegExp(`^([0-9a-f]{48})-(${SIDES.join('|')})[.]webp$`);

export function thumbnailKey(imageKey: string, side: ThumbnailSide): string {
  return imageKey.replace(/\.png$/, `-${String(side)}.webp`);
}

/** Undefined when the name is not one of a thumbnail. */
function parse(name: string): { imageKey: string; side: number } | undefined {
  const [, key, side] = NAME.exec(name) ?? [];
  return key === undefined ? undefined : { imageKey: `${key}.png`, side: Number(side) };
}

export function isThumbnail(name: string): boolean {
  return parse(name) !== undefined;
}

/** Removes a file and its thumbnails. Does nothing where there is none. */
export async function removeWithThumbnails(store: ArtifactStore, tenantId: string, key: string): Promise<void> {
  const sides = key.endsWith('.png') ? SIDES : [];
  await Promise.all([key, ...sides.map((side) => thumbnailKey(key, side))].map((name) => store.remove(tenantId, name)));
}

export interface Thumbnails {
  /**
   * The path of a local file. Read it soon.
   * @throws MissingArtifact, StoreUnavailable, RATE_LIMITED
   */
  local(tenantId: string, name: string): Promise<string>;
}

export function createThumbnails(database: Database, store: ArtifactStore): Thumbnails {
  const semaphore = createFairSemaphore(MAKING);
  /** Those who ask for the same one at the same time wait for one. */
  const making = new Map<string, Promise<void>>();

  async function make(tenantId: string, name: string): Promise<void> {
    const { imageKey, side } = parse(name) ?? { imageKey: name, side: 0 };
    const scope = forTenant(database, tenantId);
    const find = () =>
      scope.database
        .select({ width: artifacts.width, height: artifacts.height })
        .from(artifacts)
        .where(scope.rows(artifacts, eq(artifacts.key, imageKey)));
    const [image] = await find();
    if (image === undefined) throw new MissingArtifact(`${imageKey} has no row`);
    const weight = image.width * image.height > LARGE_PIXELS ? MAKING.perTenant : 1;
    await semaphore.run(tenantId, weight, async () => {
      await store.put(tenantId, name, await shrink(await store.read(tenantId, imageKey), side));
    });
    if ((await find()).length > 0) return;
    // The image was deleted meanwhile, and what removed its files may have come too early for this one.
    await store.remove(tenantId, name);
    throw new MissingArtifact(`${imageKey} was deleted`);
  }

  return {
    async local(tenantId, name) {
      try {
        return await store.local(tenantId, name);
      } catch (error) {
        if (!(error instanceof MissingArtifact)) throw error;
      }
      const key = `${tenantId}/${name}`;
      const made = making.get(key) ?? make(tenantId, name).finally(() => making.delete(key));
      making.set(key, made);
      await made;
      return store.local(tenantId, name);
    },
  };
}

/** WebP with the XMP packet of the image, which says that it is synthetic. A mask stays black and white. */
async function shrink(png: Buffer, side: number): Promise<Buffer> {
  const image = sharp(png, { limitInputPixels: MAX_PIXELS, failOn: 'error' }).timeout({ seconds: SECONDS });
  const { channels } = await image.metadata();
  const small = image.resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true }).keepXmp();
  return channels === 1
    ? small.threshold(MASK_THRESHOLD).webp({ lossless: true }).toBuffer()
    : small.webp({ quality: QUALITY }).toBuffer();
}
