/** What every layout does: give each picture its place. */
import type { ExportSettings } from '../../storage/exportJsonColumns.js';
import type { Region } from '../regions.js';
import type { JsonListFile } from '../jsonListFile.js';
import type { ZipWriter } from '../zipWriter.js';

/** A picture of the archive, with what the layouts need to know of it. */
export interface LayoutImage {
  /** Unlike that of any other picture, of the same length for all: readers pair files by sorting their names. */
  readonly name: string;
  readonly heldOut: boolean;
  readonly partNumber: string;
  readonly image: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export interface DefectiveImage extends LayoutImage {
  readonly defectCode: string;
  /** PNG. */
  readonly mask: Uint8Array;
  readonly regions: readonly Region[];
}

/** Where the files of a picture are in the archive. */
export interface FilePaths {
  readonly image: string;
  readonly mask?: string;
  readonly labels?: string;
}

export interface Layout {
  defective(picture: DefectiveImage): Promise<FilePaths>;
  normal(picture: LayoutImage): Promise<FilePaths>;
  /** Writes what tells of all pictures. */
  end(): Promise<void>;
}

export interface LayoutOptions {
  readonly zip: ZipWriter;
  readonly listFile: (name: string) => JsonListFile;
  readonly settings: ExportSettings;
  readonly partNumbers: readonly string[];
  readonly defectCodes: readonly string[];
  readonly createdAt: Date;
}
