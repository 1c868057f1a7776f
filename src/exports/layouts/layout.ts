/** What every layout does: give each picture its place. */
import type { ExportSettings } from '../../storage/exportRecords.js';
import type { Region } from '../regions.js';
import type { Spool } from '../spool.js';
import type { Zip } from '../zip.js';

/** A picture of the archive, with what the layouts need to know of it. */
export interface Picture {
  /** Unlike that of any other picture, of the same length for all: readers pair files by sorting their names. */
  readonly name: string;
  readonly heldOut: boolean;
  readonly partNumber: string;
  readonly image: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export interface Defective extends Picture {
  readonly defectCode: string;
  /** PNG. */
  readonly mask: Uint8Array;
  readonly regions: readonly Region[];
}

/** Where the files of a picture are in the archive. */
export interface Places {
  readonly image: string;
  readonly mask?: string;
  readonly labels?: string;
}

export interface Layout {
  defective(picture: Defective): Promise<Places>;
  normal(picture: Picture): Promise<Places>;
  /** Writes what tells of all pictures. */
  end(): Promise<void>;
}

export interface LayoutParts {
  readonly zip: Zip;
  readonly spool: (name: string) => Spool;
  readonly settings: ExportSettings;
  readonly partNumbers: readonly string[];
  readonly defectCodes: readonly string[];
  readonly createdAt: Date;
}
