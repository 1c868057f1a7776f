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

@InputType()
export class ProductFilter {
  @Field(() => String, { nullable: true, description: 'Part of a part number or a name; case does not matter.' })
  search?: string | null;
}
