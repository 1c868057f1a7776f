import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { DateTime } from './dateTime.js';
import { DEFECT_ORDERS, PRODUCT_DEFECT_ORDERS, PRODUCT_ORDERS } from '../catalog/catalogOrders.js';
import { Node } from './node.js';
import { connectionType, orderInput } from './connection.js';

@ObjectType({ implements: Node, description: 'Something that the tenant makes.' })
export class Product {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'Unique within the tenant.' })
  partNumber!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String, { description: 'The word that the model reads.' })
  promptName!: string;

  @Field(() => GraphQLJSONObject, {
    nullable: true,
    description: 'As the MES sent them. The service does not interpret them.',
  })
  attributes!: Record<string, unknown> | null;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime, {
    description: 'The time of the last change. An import that changes nothing does not count.',
  })
  updatedAt!: Date;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'Set when the product was archived. An archived product is left out of lists and cannot be drawn; its samples stay.',
  })
  archivedAt!: Date | null;
}

@ObjectType({ implements: Node, description: 'A kind of fault.' })
export class Defect {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'Unique within the tenant.' })
  code!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String, { description: 'The unified name, which the model reads.' })
  promptName!: string;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime, {
    description: 'The time of the last change. An import that changes nothing does not count.',
  })
  updatedAt!: Date;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'Set when the defect was archived. An archived defect is left out of lists and cannot be drawn; its samples stay.',
  })
  archivedAt!: Date | null;
}

/** Holds the product's prompt name and the model of the list, which the coverage depends on. */
@ObjectType({ description: 'A defect with its coverage for one product.' })
export class ProductDefect {
  @Field(() => Defect)
  defect!: Defect;

  productPromptName!: string;

  model?: string | null | undefined;
}

export const ProductConnection = connectionType(Product);
export const DefectConnection = connectionType(Defect);
export const ProductDefectConnection = connectionType(ProductDefect);
export const ProductOrder = orderInput('Product', PRODUCT_ORDERS);
export const DefectOrder = orderInput('Defect', DEFECT_ORDERS);
export const ProductDefectOrder = orderInput('ProductDefect', PRODUCT_DEFECT_ORDERS);

/** Common to the filters of products and defects. */
@InputType({ description: 'All given conditions must hold.' })
export class CatalogFilter {
  @Field(() => String, { nullable: true, description: 'Matches a part of the code or the name. Case does not matter.' })
  search?: string | null;

  @Field(() => String, { nullable: true })
  promptName?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Only items whose prompt name this model knows: "name" or "name@version".',
  })
  drawableBy?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'true: only archived items. false: only items that are not archived.',
  })
  archived?: boolean | null;

  @Field(() => DateTime, { nullable: true, description: 'Inclusive.' })
  createdAfter?: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Exclusive.' })
  createdBefore?: Date | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'Inclusive. To find changes since your last call, set includeArchived as well, and pass a time one minute before that call, because an import records the time at which it started.',
  })
  updatedAfter?: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Exclusive.' })
  updatedBefore?: Date | null;
}

@InputType()
export class ProductFilter extends CatalogFilter {}

@InputType()
export class DefectFilter extends CatalogFilter {}
