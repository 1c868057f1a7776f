import { Field, InputType, ObjectType } from 'type-graphql';
import { DateTime } from './dateTime.js';
import { ALIAS_ORDERS } from '../catalog/aliases.js';
import { connectionType, orderInput } from './connection.js';
import { CatalogKind } from './enums.js';

@ObjectType({ description: "A tenant's own name for a word that a model reads." })
export class Alias {
  @Field(() => CatalogKind)
  kind!: keyof typeof CatalogKind;

  @Field(() => String)
  alias!: string;

  @Field(() => String)
  promptName!: string;

  @Field(() => String, { nullable: true, description: 'Whose code externalCode is: "ISO 6520-1", or your own.' })
  scheme!: string | null;

  @Field(() => String, { nullable: true, description: 'The code of the same thing in another system.' })
  externalCode!: string | null;

  @Field(() => DateTime)
  updatedAt!: Date;
}

export const AliasConnection = connectionType(Alias);
export const AliasOrder = orderInput('Alias', ALIAS_ORDERS);

@InputType({ description: 'All given conditions must hold.' })
export class AliasFilter {
  @Field(() => String, { nullable: true })
  scheme?: string | null;

  @Field(() => String, { nullable: true })
  externalCode?: string | null;
}

@ObjectType({ description: 'A unified defect name of the paper. It applies when the tenant has no alias of its own.' })
export class BuiltInAlias {
  @Field(() => String)
  alias!: string;

  @Field(() => String)
  promptName!: string;
}
