/** What a caller says of the photographs to draw on, as GraphQL gives it. */
import type { Optional } from '../../range.js';

export interface PointInput {
  readonly x: number;
  readonly y: number;
}

export interface AreaInput {
  readonly maskId?: Optional<string>;
  readonly polygons?: Optional<readonly (readonly PointInput[])[]>;
}

export interface ReferenceInput {
  readonly id?: Optional<string>;
  readonly anyOfProduct?: Optional<boolean>;
  readonly sampleId?: Optional<string>;
  readonly twin?: Optional<boolean>;
}

export interface RegionInput extends AreaInput {
  readonly place?: Optional<'SHAPE' | 'CHOSEN'>;
}

export interface OnPhotographInput {
  readonly reference?: Optional<ReferenceInput>;
  readonly region?: Optional<RegionInput>;
  readonly allowedArea?: Optional<AreaInput>;
  readonly denoisingStrength?: Optional<number>;
  /** @deprecated The name of `denoisingStrength` before 1.0.0. */
  readonly freedom?: Optional<number>;
}
