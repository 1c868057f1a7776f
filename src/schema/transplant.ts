import { Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import { NotHarmonizedReason, TransplantPlace } from './enums.js';
import { OneOf } from './oneOf.js';

@InputType({
  description:
    'CutPaste: for each sample, a patch of a photograph of a good part, with another brightness and contrast, is pasted at any allowed ' +
    'place. It needs no defective photograph. A detector learns from it what does not belong there; the defect of the request is its label.',
})
export class CutPasteInput {
  @Field(() => [ID], {
    nullable: true,
    description: 'Photographs of good parts of the product, in turn. 1 … 1000 ids. Default: all that are not archived.',
  })
  ids?: string[] | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'The side, in pixels of the photograph, of the square that a detector sees at once: a patch covers 1 … 10 % of it. 16 … 16384, and at ' +
      'most the shorter side of the photograph, which is the default.',
  })
  window?: number | null;
}

@OneOf()
@InputType({ description: 'Give one of the six.' })
export class DefectReferenceInput {
  @Field(() => ID, {
    nullable: true,
    description: 'A DEFECTIVE photograph of the same product and defect, or of another product.',
  })
  id?: string | null;

  @Field(() => [ID], {
    nullable: true,
    description:
      "Takes each sample's defect from the next of these photographs, in turn: of the same product and defect, or of other products. 1 … 1000 ids.",
  })
  ids?: string[] | null;

  @Field(() => ID, {
    nullable: true,
    description:
      'A sample of the same product and defect, or of another product: its image and mask are those of the defect. Not one that is drawn on ' +
      'another sample, whose mask marks two defects. Retention keeps it as long as the samples that are made of it.',
  })
  sampleId?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "Takes each sample's defect from the next of the pair's DEFECTIVE photographs, in turn.",
  })
  anyOfPair?: boolean | null;

  @Field(() => Boolean, {
    nullable: true,
    description:
      "Takes each sample's defect from the next DEFECTIVE photograph of other products: those with the same defect, or all if there are " +
      'none. The defect of the request stays the label. These photographs are resized by the ratio of the shorter sides.',
  })
  ofOtherProducts?: boolean | null;

  @Field(() => CutPasteInput, { nullable: true, description: 'No defect, but a patch of a good part.' })
  cutPaste?: CutPasteInput | null;
}

@InputType({ description: 'Both bounds are inclusive.' })
export class ScaleRangeInput {
  @Field(() => Float, { description: '0.25 … 4.' })
  min!: number;

  @Field(() => Float, { description: '0.25 … 4.' })
  max!: number;
}

@InputType({
  description:
    'How much a transplanted defect may differ from the one that it was taken from. Allow what the product allows: a slanted grain, for example, allows neither mirrors nor quarter turns. ' +
    'The defaults of place ANYWHERE are wider: turn 45, quarterTurns, mirrors, scale 0.65 … 1.5, bend 0.05, contrast 0.3.',
})
export class VariationInput {
  @Field(() => TransplantPlace, { nullable: true, description: 'Default: FITTING.' })
  place?: keyof typeof TransplantPlace | null;

  @Field(() => Float, { nullable: true, description: 'Degrees in either direction, 0 … 180. Default: 10.' })
  turn?: number | null;

  @Field(() => Boolean, { nullable: true, description: 'Also by 90°, 180° and 270°. Default: false.' })
  quarterTurns?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'Also by 180°. Default: false.' })
  halfTurns?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'Half of the samples are mirrored. Default: false.' })
  mirrors?: boolean | null;

  @Field(() => ScaleRangeInput, { nullable: true, description: 'Default: 0.85 … 1.2.' })
  scale?: ScaleRangeInput | null;

  @Field(() => Float, {
    nullable: true,
    description: "The amplitude, as a share of the defect's longer side, 0 … 0.2. Default: 0.03.",
  })
  bend?: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'The contrast to the surroundings is higher or lower by up to this share, 0 … 0.9. Default: 0.15.',
  })
  contrast?: number | null;
}

@ObjectType()
export class ScaleRange {
  @Field(() => Float)
  min!: number;

  @Field(() => Float)
  max!: number;
}

@ObjectType({ description: 'How much transplanted defects may differ from the ones that they were taken from.' })
export class Variation {
  @Field(() => TransplantPlace)
  place!: keyof typeof TransplantPlace;

  @Field(() => Float, { description: 'Degrees in either direction.' })
  turn!: number;

  @Field(() => Boolean)
  quarterTurns!: boolean;

  @Field(() => Boolean)
  halfTurns!: boolean;

  @Field(() => Boolean)
  mirrors!: boolean;

  @Field(() => ScaleRange)
  scale!: ScaleRange;

  @Field(() => Float)
  bend!: number;

  @Field(() => Float)
  contrast!: number;
}

@ObjectType({ description: 'How the defect of a sample was transplanted.' })
export class Transplant {
  @Field(() => Boolean, { description: 'Whether the model harmonized the defect with its surroundings.' })
  harmonized!: boolean;

  @Field(() => NotHarmonizedReason, { nullable: true })
  notHarmonizedReason!: keyof typeof NotHarmonizedReason | null;

  @Field(() => Float, { description: 'Degrees, clockwise, -180 … 180.' })
  turn!: number;

  @Field(() => Boolean, { description: 'Left-right, before the turn.' })
  mirrored!: boolean;

  @Field(() => Float)
  scale!: number;

  @Field(() => Float, { description: 'The contrast to the surroundings, as a multiple of that in the donor.' })
  contrast!: number;

  @Field(() => Float, {
    description:
      'How much the surroundings differ from those that the defect was taken from, 0 … 255: the root mean square, in which a different brightness counts half.',
  })
  surroundingsDifference!: number;
}
