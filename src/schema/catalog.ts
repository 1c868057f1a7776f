import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, GraphQLISODateTime, ID, InputType, ObjectType } from 'type-graphql';
import { connectionType } from './connection.js';

@ObjectType({ description: 'Something the tenant makes.' })
export class Product {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'Unique within the tenant.' })
  partNumber!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String, { description: 'What the model reads.' })
  promptName!: string;

  @Field(() => GraphQLJSONObject, { nullable: true, description: 'As the MES gave them; not interpreted.' })
  attributes!: Record<string, unknown> | null;

  @Field(() => GraphQLISODateTime)
  createdAt!: Date;

  @Field(() => GraphQLISODateTime, { description: 'Of its last change; an import that changes nothing is none.' })
  updatedAt!: Date;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Since then it is left out of lists and not drawn any more; what was drawn stays.',
  })
  archivedAt!: Date | null;
}

@ObjectType({ description: 'A kind of flaw.' })
export class Defect {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'Unique within the tenant.' })
  code!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String, { description: 'The unified name, which the model reads.' })
  promptName!: string;

  @Field(() => GraphQLISODateTime)
  createdAt!: Date;

  @Field(() => GraphQLISODateTime, { description: 'Of its last change; an import that changes nothing is none.' })
  updatedAt!: Date;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Since then it is left out of lists and not drawn any more; what was drawn stays.',
  })
  archivedAt!: Date | null;
}

/** The product's prompt name comes along, for the coverage. */
@ObjectType({ description: 'A defect as it concerns one product.' })
export class ProductDefect {
  @Field(() => Defect)
  defect!: Defect;

  productPromptName!: string;
}

export const ProductConnection = connectionType(Product);
export const DefectConnection = connectionType(Defect);

/** Of products and of defects alike. */
@InputType({ description: 'All that are given must hold.' })
export class CatalogFilter {
  @Field(() => String, { nullable: true, description: 'Part of a code or a name; case does not matter.' })
  search?: string | null;

  @Field(() => String, { nullable: true })
  promptName?: string | null;

  @Field(() => String, { nullable: true, description: 'Whose word a model knows: "name" or "name@version".' })
  drawableBy?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'true: only archived ones; false: only those that are not.' })
  archived?: boolean | null;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'Included.' })
  createdAfter?: Date | null;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'Not included.' })
  createdBefore?: Date | null;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description:
      'Included. For what changed since your last call, with includeArchived: take a time a minute before it, for an import carries the time at which it began.',
  })
  updatedAfter?: Date | null;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'Not included.' })
  updatedBefore?: Date | null;
}

@InputType()
export class ProductFilter extends CatalogFilter {}

@InputType()
export class DefectFilter extends CatalogFilter {}
