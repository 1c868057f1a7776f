import { Field, Float, GraphQLISODateTime, ID, Int, ObjectType } from 'type-graphql';
import { connectionType } from './connection.js';

@ObjectType({ description: 'A photograph of a product that a tenant uploaded. Identical images are stored once.' })
export class Reference {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { nullable: true, description: 'The name from the first upload of this image.' })
  name!: string | null;

  @Field(() => Int)
  width!: number;

  @Field(() => Int)
  height!: number;

  @Field(() => GraphQLISODateTime)
  createdAt!: Date;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'Set when the photograph was archived.' })
  archivedAt!: Date | null;
}

export const ReferenceConnection = connectionType(Reference);

@ObjectType({ description: 'A region of an image of the same size, where something is drawn or may be drawn.' })
export class RegionMask {
  @Field(() => ID)
  id!: string;

  @Field(() => Int)
  width!: number;

  @Field(() => Int)
  height!: number;

  @Field(() => Float, { description: 'The share of the pixels inside the region, between 0 and 1.' })
  areaFraction!: number;

  @Field(() => GraphQLISODateTime)
  createdAt!: Date;
}
