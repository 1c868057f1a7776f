import { Field, Float, ID, Int, ObjectType } from 'type-graphql';
import { DateTime } from './dateTime.js';
import { REFERENCE_ORDERS } from '../references/references.js';
import { Node } from './node.js';
import { connectionType, orderInput } from './connection.js';

@ObjectType({
  implements: Node,
  description: 'A photograph of a product that a tenant uploaded. Identical images are stored once.',
})
export class Reference {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { nullable: true, description: 'The name from the first upload of this image.' })
  name!: string | null;

  @Field(() => Int)
  width!: number;

  @Field(() => Int)
  height!: number;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => String, {
    nullable: true,
    description:
      'The subject of the caller who requested its first upload: "key:<id>" or "token:<sub>". Null for those of older versions.',
  })
  createdBy!: string | null;

  @Field(() => DateTime, { nullable: true, description: 'Set when the photograph was archived.' })
  archivedAt!: Date | null;
}

export const ReferenceConnection = connectionType(Reference);
export const ReferenceOrder = orderInput('Reference', REFERENCE_ORDERS);

@ObjectType({
  implements: Node,
  description: 'A region of an image of the same size, where something is drawn or may be drawn.',
})
export class RegionMask {
  @Field(() => ID)
  id!: string;

  @Field(() => Int)
  width!: number;

  @Field(() => Int)
  height!: number;

  @Field(() => Float, { description: 'The share of the pixels inside the region, between 0 and 1.' })
  areaFraction!: number;

  @Field(() => DateTime)
  createdAt!: Date;
}
