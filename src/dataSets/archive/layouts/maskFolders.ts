/**
 * Finds the masks of a photograph in ground_truth by their names, as the training package does (training/defectdiffu/data/mask_files.py):
 * of 000.png, these are 000_mask.png, 000_mask_1.png, 000_gt.png, 000.png, and all files in a folder 000.
 */
import { MASK, stemOf } from './folderLayout.js';

export interface Placed {
  readonly name: string;
  readonly root: string;
  readonly product: string;
  readonly part: string;
  readonly folder: string;
  /** The folders below it, with a slash; mostly empty. */
  readonly inner: string;
  readonly file: string;
}

const MASK_WORDS = /^(.+?)[_-](?:mask|gt|label|annotation)[_-]?\d*$/i;

export class MaskFolders {
  readonly #byPhotograph = new Map<string, Placed[]>();
  readonly #claimed = new Set<Placed>();
  readonly #files: readonly Placed[];

  constructor(files: readonly Placed[]) {
    this.#files = files;
    for (const file of files.filter((one) => MASK.test(one.file))) {
      this.#add(file, file.inner, stemOf(file.file));
      const [, above, own] = /^((?:.*\/)?)([^/]+)\/$/.exec(file.inner) ?? [];
      if (above !== undefined && own !== undefined) this.#add(file, above, own);
    }
  }

  /** Those of the photograph, in the order of their names. */
  claim({ root, product, folder, inner, file }: Placed): readonly string[] {
    const found = this.#byPhotograph.get(placeKey(root, product, folder, inner, stemOf(file))) ?? [];
    for (const mask of found) this.#claimed.add(mask);
    return found.map(({ name }) => name).sort();
  }

  unclaimed(): readonly string[] {
    return this.#files.filter((file) => !this.#claimed.has(file)).map(({ name }) => name);
  }

  #add(file: Placed, inner: string, stem: string): void {
    const { root, product, folder } = file;
    for (const photograph of new Set([stem, photographStem(stem)])) {
      const key = placeKey(root, product, folder, inner, photograph);
      const there = this.#byPhotograph.get(key);
      if (there === undefined) this.#byPhotograph.set(key, [file]);
      else there.push(file);
    }
  }
}

/** Files that are masks of other files among them, by their names. */
export function masksAmong(files: readonly Placed[]): ReadonlySet<Placed> {
  const stems = new Set(files.map(({ file }) => stemOf(file)));
  return new Set(
    files.filter(({ file }) => {
      const stem = stemOf(file);
      return photographStem(stem) !== stem && stems.has(photographStem(stem));
    }),
  );
}

const photographStem = (stem: string): string => MASK_WORDS.exec(stem)?.[1] ?? stem;

const placeKey = (...names: readonly string[]): string => names.join('\n');
