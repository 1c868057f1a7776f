/**
 * The sidecar of an archive: which pixels of a sample the loss of a detector should leave out, and how much the sample should weigh. The
 * layouts have no place for either, and their readers do not look into this folder.
 */
import type { SampleRow } from '../storage/tables.js';
import type { JsonListFile } from './jsonListFile.js';
import type { FilePaths } from './layouts/layout.js';
import type { ZipWriter } from '../artifacts/zipWriter.js';

export const SIDECAR_FOLDER = 'sidecar';
const DECIMALS = 3;

export interface Sidecar {
  /** @param ignore a PNG; null if no pixel is to be ignored */
  add(name: string, files: FilePaths, sample: SampleRow, ignore: Uint8Array | null): Promise<void>;
  end(): Promise<void>;
}

export function createSidecar(zip: ZipWriter, listFile: (name: string) => JsonListFile): Sidecar {
  const entries = listFile('sidecar');
  return {
    async add(name, { image }, sample, ignore) {
      const path = ignore === null ? null : `${SIDECAR_FOLDER}/ignore/${name}.png`;
      if (path !== null && ignore !== null) await zip.image(path, ignore);
      const { reviewState: state, reviewTags: tags, reviewComment: comment } = sample;
      await entries.append({ image, ignore: path, weight: weightOf(sample), review: { state, tags, comment } });
    },
    end: () => zip.text(`${SIDECAR_FOLDER}/samples.json`, document(entries)),
  };
}

/** How far the mask can be trusted, 0 … 1: the confidence of the model times the agreement with what changed, where there are such. */
export function weightOf({ confidence, agreement }: Pick<SampleRow, 'confidence' | 'agreement'>): number {
  return Number(((confidence ?? 1) * (agreement ?? 1)).toFixed(DECIMALS));
}

async function* document(entries: JsonListFile): AsyncGenerator<string | Uint8Array> {
  yield '{"formatVersion":1,"samples":[\n';
  yield* entries.items();
  yield '\n]}\n';
}
