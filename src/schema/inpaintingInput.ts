import { Field, Float, ID, InputType } from 'type-graphql';
import { RegionPlace } from './enums.js';
import { OneOf } from './oneOf.js';

@OneOf()
@InputType({ description: 'Give one of the five.' })
export class ReferenceInput {
  @Field(() => ID, { nullable: true, description: 'A photograph of the product that was uploaded with createUpload.' })
  id?: string | null;

  @Field(() => [ID], {
    nullable: true,
    description: 'Draws each sample on the next of these photographs of the product, in turn. 1 … 1000 ids.',
  })
  ids?: string[] | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "Draws each sample on the next of the product's photographs, in turn.",
  })
  anyOfProduct?: boolean | null;

  @Field(() => ID, {
    nullable: true,
    description:
      'Draws on the image of another sample of the product, for several defects in one image. The mask marks all of them.',
  })
  sampleId?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'Draws each sample on its own normal twin, which is drawn first from the same seed. The twin comes from noise, and only the defect differs ' +
      'from a normal image. It needs no photograph.',
  })
  twin?: boolean | null;
}

@InputType({ description: 'In pixels of the image, from the top left corner.' })
export class PointInput {
  @Field(() => Float)
  x!: number;

  @Field(() => Float)
  y!: number;
}

@OneOf()
@InputType({ description: 'Give one of the two.' })
export class AreaInput {
  @Field(() => ID, { nullable: true, description: 'A region mask of the same size as the image.' })
  maskId?: string | null;

  @Field(() => [[PointInput]], {
    nullable: true,
    description: 'Each polygon has at least 3 points. The area is the union of all polygons.',
  })
  polygons?: PointInput[][] | null;
}

@OneOf()
@InputType({ description: 'A region of your own (maskId or polygons), outside which no pixel changes; or a place.' })
export class RegionInput extends AreaInput {
  @Field(() => RegionPlace, { nullable: true })
  place?: keyof typeof RegionPlace | null;
}
