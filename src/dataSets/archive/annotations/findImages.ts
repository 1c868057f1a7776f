/** Finds the photograph that an annotation names. */
import { posix } from 'node:path';
import { IMAGE } from './annotated.js';

export interface Images {
  readonly names: readonly string[];
  /** The one at this place below one of the folders, or else the only one of its name. */
  find(path: string, folders: readonly string[]): string | undefined;
}

export function imagesIn(names: readonly string[]): Images {
  const images = names.filter((name) => IMAGE.test(name));
  const there = new Set(images);
  const byBaseName = Map.groupBy(images, (name) => posix.basename(name));
  return {
    names: images,
    find(path, folders) {
      const wanted = path.normalize('NFC').replaceAll('\\', '/');
      for (const folder of folders) {
        const name = posix.join(folder, wanted);
        if (there.has(name)) return name;
      }
      const alike = byBaseName.get(posix.basename(wanted)) ?? [];
      return alike.length === 1 ? alike[0] : undefined;
    },
  };
}
