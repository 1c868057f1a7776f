/** What an archive says of its photographs, in whatever layout it is. */
import type { Pixels } from '../../references/decodeImage.js';

/** The names of the files that are photographs. */
export const IMAGE = /\.(png|jpe?g|bmp|tiff?|webp)$/i;

export interface PackedPhotograph {
  /** Of its file. */
  readonly name: string;
  /** As the archive calls it; a good part has no defect and no mask. */
  readonly product: string;
  readonly defect: string | null;
  readonly mask: PackedMask | null;
}

export type PackedMask = MaskFile | DrawnMask;

export interface MaskFile {
  readonly file: string;
}

/** Polygons or run lengths of an annotation. */
export interface DrawnMask {
  /** The file that has the annotation. */
  readonly annotation: string;
  /** 0 and 255, grayscale. Throws NoShapeError. */
  draw(photograph: { readonly width: number; readonly height: number }): Pixels;
}

export interface Layout {
  readonly photographs: readonly PackedPhotograph[];
  /** The folder that holds everything, with a slash; empty for the top of the archive. */
  readonly root: string;
  /** What names products and defects: folders or labels, for messages. */
  readonly namedBy: 'folder' | 'label';
  /** The photographs for testing. Undefined where the archive does not divide them. */
  readonly tested: ReadonlySet<string> | undefined;
}
