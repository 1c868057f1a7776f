/** What a mark says about an image: where it comes from, and what made it. */

const TERMS = 'http://cv.iptc.org/newscodes/digitalsourcetype/';

/** Terms of the IPTC's vocabulary "Digital Source Type". */
export type SourceType = 'trainedAlgorithmicMedia' | 'compositeWithTrainedAlgorithmicMedia' | 'compositeCapture';

export interface Provenance {
  readonly sampleId: string;
  readonly sourceType: SourceType;
  /** "name@version" of the bundle. Null if no model was involved. */
  readonly model: string | null;
}

/** The program that makes the images. */
export interface Generator {
  readonly name: string;
  readonly version: string;
}

export interface ImageSources {
  /** Whether a model drew it, or what it was drawn on. */
  readonly model: boolean;
  /** Whether a photograph is part of it. */
  readonly photograph: boolean;
}

export function sourceTypeOf({ model, photograph }: ImageSources): SourceType {
  if (!photograph) return 'trainedAlgorithmicMedia';
  return model ? 'compositeWithTrainedAlgorithmicMedia' : 'compositeCapture';
}

export function sourceTypeUrl(type: SourceType): string {
  return TERMS + type;
}
