import { Field, Float, GraphQLISODateTime, ID, Int, ObjectType } from 'type-graphql';
import { connectionType } from './connection.js';

@ObjectType({ description: "A customer's own photograph of a product. The same picture is there once." })
export class Reference {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { nullable: true, description: 'As the first upload of this picture named it.' })
  name!: string | null;

  @Field(() => Int)
  width!: number;

  @Field(() => Int)
  height!: number;

  @Field(() => GraphQLISODateTime)
  createdAt!: Date;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'Not offered any more since then.' })
  archivedAt!: Date | null;
}

export const ReferenceConnection = connectionType(Reference);

@ObjectType({ description: 'Where on a picture of the same size something shall or may be drawn.' })
export class RegionMask {
  @Field(() => ID)
  id!: string;

  @Field(() => Int)
  width!: number;

  @Field(() => Int)
  height!: number;

  @Field(() => Float, { description: 'Share of the pixels inside the region, between 0 and 1.' })
  areaFraction!: number;

  @Field(() => GraphQLISODateTime)
  createdAt!: Date;
}
