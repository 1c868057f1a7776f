/** What an archive says of its photographs, in whatever layout it is. */
import type { Pixels } from '../../references/decodeImage.js';

/** The names of the files that are photographs. */
export const IMAGE = /\.(png|jpe?g|bmp|tiff?|webp)$/i;

/** A path that is longer names no file of an archive. Joining or normalizing one of megabytes would take minutes to hours. */
export const MAX_PATH_LENGTH = 1_000;

/** Pictures of types that are not read, as in training/defectdiffu/data/layout_names.py. */
export const OTHER_IMAGE =
  /\.(gif|jp2|j2k|jxl|heic|heif|avif|jfif|jpe|dib|tga|psd|p[gpbn]m|exr|hdr|npy|mat|dng|raw|cr[23]|nef|arw|orf|rw2)$/i;

export interface PackedPhotograph {
  /** Of its file. */
  readonly name: string;
  /** As the archive calls it; a good part has no defect. */
  readonly product: string;
  readonly defect: string | null;
  /** Of a good part: must mark nothing. */
  readonly mask: PackedMask | null;
  /** A mask that marks nothing says that it shows a good part. */
  readonly isGoodIfUnmarked?: boolean;
}

export type PackedMask = MaskFiles | DrawnMask;

/** Masks of a photograph, which are merged. */
export interface MaskFiles {
  readonly files: readonly string[];
  readonly marks: Marks;
}

/** Which values mark the defect: the only one that is not black, or all that are not. */
export type Marks = 'ONE_VALUE' | 'ANY_VALUE';

/** Polygons or run lengths of an annotation. */
export interface DrawnMask {
  /** The file that has the annotation. */
  readonly annotation: string;
  /** 0 and 255, grayscale. Throws NoShapeError. */
  draw(photograph: { readonly width: number; readonly height: number }): Promise<Pixels>;
}

export interface Layout {
  readonly photographs: readonly PackedPhotograph[];
  /** The folder that holds everything, with a slash; empty for the top of the archive. */
  readonly root: string;
  /** What names the defects, for messages: folders, labels, or the layout itself. */
  readonly namedBy: 'folder' | 'label' | 'layout';
  /** The photographs for testing. Undefined where the archive does not divide them. */
  readonly tested: ReadonlySet<string> | undefined;
}
