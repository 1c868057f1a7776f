import { Field, GraphQLISODateTime, ObjectType } from 'type-graphql';
import { connectionType } from './connection.js';
import { CatalogKind } from './enums.js';

@ObjectType({ description: "A tenant's own name for a word that a model reads." })
export class Alias {
  @Field(() => CatalogKind)
  kind!: keyof typeof CatalogKind;

  @Field(() => String)
  alias!: string;

  @Field(() => String)
  promptName!: string;

  @Field(() => GraphQLISODateTime)
  updatedAt!: Date;
}

export const AliasConnection = connectionType(Alias);

@ObjectType({ description: 'A unified defect name of the paper. It applies when the tenant has no alias of its own.' })
export class BuiltInAlias {
  @Field(() => String)
  alias!: string;

  @Field(() => String)
  promptName!: string;
}
