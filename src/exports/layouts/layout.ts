/** The interface of the layouts. A layout decides which files of the archive an image is written to. */
import type { ExportSettings } from '../../storage/exportJsonColumns.js';
import type { Annotation, Segmentation } from '../annotations.js';
import type { JsonListFile } from '../jsonListFile.js';
import type { ZipWriter } from '../../artifacts/zipWriter.js';

/** The folder of normal images in the layout of MVTec AD. */
export const GOOD_FOLDER = 'good';

export type Origin = 'REAL' | 'SYNTHETIC';

/** A region, and the defect that it shows. */
export type LabelledAnnotation = Annotation & { readonly defectCode: string };

/** An image of the archive, with what the layouts need to know about it. */
export interface LayoutImage {
  /** Unique over all exports. Those of samples have the same length, because readers pair files by sorting their names. */
  readonly name: string;
  /** Whether the service drew it, or a camera took it. */
  readonly origin: Origin;
  readonly heldOut: boolean;
  readonly partNumber: string;
  readonly image: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export interface DefectiveImage extends LayoutImage {
  /** If its annotations have several, the first. */
  readonly defectCode: string;
  /** PNG, of `defectCode`. Used only by a layout without `segmentation`. */
  readonly mask: Uint8Array;
  /** Empty if the layout has no `segmentation`. */
  readonly annotations: readonly LabelledAnnotation[];
}

/** The paths of an image's files in the archive. */
export interface FilePaths {
  readonly image: string;
  readonly mask?: string;
  readonly labels?: string;
}

export interface Layout {
  /** How the layout outlines regions. Undefined: not at all. */
  readonly segmentation?: Segmentation;
  defective(image: DefectiveImage): Promise<FilePaths>;
  normal(image: LayoutImage): Promise<FilePaths>;
  /** Writes the files that describe all images. */
  end(): Promise<void>;
}

/** The class number of each code. */
export function classNumbers(classes: readonly string[]): ReadonlyMap<string, number> {
  return new Map(classes.map((code, number) => [code, number]));
}

export interface LayoutOptions {
  readonly zip: ZipWriter;
  readonly listFile: (name: string) => JsonListFile;
  readonly settings: ExportSettings;
  /** The names of folders by part number and by defect code. */
  readonly productFolders: ReadonlyMap<string, string>;
  readonly defectFolders: ReadonlyMap<string, string>;
  /** Defect codes by class number. */
  readonly classes: readonly string[];
  readonly createdAt: Date;
}
