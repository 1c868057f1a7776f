/** Finds the photograph that an annotation names. */
import { posix } from 'node:path';
import { IMAGE, MAX_PATH_LENGTH } from '../packed.js';
import { invalidArchive } from '../problems.js';
import type { Split } from './annotated.js';
import { splitOf } from './annotated.js';

/** Of paths that end alike, which takes a tenth of a second. */
const MAX_COMPARISONS = 2_000_000;

export interface Images {
  readonly names: readonly string[];
  /**
   * The one at this place below one of the folders; or else the only one whose place ends as the path does, or as whose place the path
   * ends. Of several, the only one in a folder of the split.
   * @throws ServiceError DATA_SET_ARCHIVE_INVALID
   */
  find(path: string, folders: readonly string[], split: Split | undefined): string | undefined;
}

export function imagesIn(names: readonly string[], root: string): Images {
  const images = names.filter((name) => IMAGE.test(name));
  const there = new Set(images);
  const byBaseName = Map.groupBy(images, (name) => posix.basename(name));
  let compared = 0;
  return {
    names: images,
    find(path, folders, split) {
      if (path.length > MAX_PATH_LENGTH) return undefined;
      const wanted = path.normalize('NFC').replaceAll('\\', '/');
      for (const folder of folders) {
        const name = posix.join(folder, wanted);
        if (there.has(name)) return name;
      }
      const alike = byBaseName.get(posix.basename(wanted)) ?? [];
      compared += alike.length;
      if (compared > MAX_COMPARISONS)
        throw invalidArchive('too many of its photographs have one name: annotate them by their paths in the archive');
      const fits = alike.filter((name) => {
        const place = name.slice(root.length);
        return `/${place}`.endsWith(`/${wanted}`) || `/${wanted}`.endsWith(`/${place}`);
      });
      const ofSplit = fits.filter((name) => splitOf(name.slice(root.length)) === split);
      if (fits.length === 1) return fits[0];
      return ofSplit.length === 1 ? ofSplit[0] : undefined;
    },
  };
}
