import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, InputType, Int, ObjectType } from 'type-graphql';
import { CatalogKind } from './enums.js';

const PROMPT_NAME =
  'Taken to the word that a model knows, through aliases, and whatever its case, underscores or plural. Null: matched from the name.';

@InputType({
  description:
    'Of a product that is there already, what is left out stays as it is, and null sets it back to what a new product has that leaves it out.',
})
export class ImportProductInput {
  @Field(() => String)
  partNumber!: string;

  @Field(() => String, { nullable: true, description: 'Null: the part number.' })
  name?: string | null;

  @Field(() => String, { nullable: true, description: PROMPT_NAME })
  promptName?: string | null;

  @Field(() => GraphQLJSONObject, {
    nullable: true,
    description: 'Kept as they are and replaced as a whole: up to 16384 bytes, 8 levels deep. Null: none.',
  })
  attributes?: Record<string, unknown> | null;
}

@InputType({ description: 'What is left out and what is null means the same as for a product.' })
export class ImportDefectInput {
  @Field(() => String)
  code!: string;

  @Field(() => String, { nullable: true, description: 'Null: the code.' })
  name?: string | null;

  @Field(() => String, { nullable: true, description: PROMPT_NAME })
  promptName?: string | null;
}

@InputType({ description: 'Another name for a word that a model reads: "poke" for "hole".' })
export class ImportAliasInput {
  @Field(() => CatalogKind, { defaultValue: 'DEFECT' })
  kind?: keyof typeof CatalogKind | null;

  @Field(() => String, { description: 'Case, underscores and plural do not matter.' })
  alias!: string;

  @Field(() => String)
  promptName!: string;
}

@InputType()
export class ImportCatalogInput {
  @Field(() => [ImportProductInput], { nullable: true })
  products?: ImportProductInput[] | null;

  @Field(() => [ImportDefectInput], { nullable: true })
  defects?: ImportDefectInput[] | null;

  @Field(() => [ImportAliasInput], {
    nullable: true,
    description:
      'Hold for the items of this import and of later ones; what was imported before changes when it is imported again.',
  })
  aliases?: ImportAliasInput[] | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description:
      'The lists are complete: what they do not name is archived. A list that is left out archives nothing; an empty one is refused. Aliases stay.',
  })
  archiveMissing?: boolean | null;
}

@ObjectType()
export class ImportCounts {
  @Field(() => Int)
  created!: number;

  @Field(() => Int, { description: 'Those that came back from the archive among them.' })
  updated!: number;

  @Field(() => Int)
  unchanged!: number;

  @Field(() => Int, { description: 'By archiveMissing.' })
  archived!: number;
}

@ObjectType({ description: 'An item that was imported, but that no model can draw.' })
export class ImportWarning {
  @Field(() => String, { description: 'As in input.products[17].promptName' })
  field!: string;

  @Field(() => String)
  value!: string;

  @Field(() => String)
  message!: string;

  @Field(() => [String], { description: 'The nearest words that the models know, the nearest first.' })
  suggestions!: string[];
}

@ObjectType()
export class ImportCatalogPayload {
  @Field(() => ImportCounts)
  products!: ImportCounts;

  @Field(() => ImportCounts)
  defects!: ImportCounts;

  @Field(() => ImportCounts)
  aliases!: ImportCounts;

  @Field(() => [ImportWarning])
  warnings!: ImportWarning[];
}
