import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, InputType, Int, ObjectType } from 'type-graphql';
import { CatalogKind } from './enums.js';

const PROMPT_NAME =
  'Mapped to a word that a model knows: through aliases, and regardless of case, underscores, and plural. Null: derived from the name.';

@InputType({
  description:
    'For an existing product, an omitted field keeps its value, and null resets it to the default of a new product.',
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
    description: 'Stored as sent and replaced as a whole: up to 16384 bytes and 8 levels deep. Null: none.',
  })
  attributes?: Record<string, unknown> | null;
}

@InputType({ description: 'Omitted fields and null mean the same as for a product.' })
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

  @Field(() => String, { description: 'Case, underscores, and plural do not matter.' })
  alias!: string;

  @Field(() => String)
  promptName!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Whose code externalCode is, such as "ISO 6520-1". Omitted: kept. Null: none.',
  })
  scheme?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The code of the same thing in another system. It is carried, and decides nothing. Omitted: kept. Null: none.',
  })
  externalCode?: string | null;
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
      'Apply to the items of this import and of later ones. Items that were imported before change when they are imported again.',
  })
  aliases?: ImportAliasInput[] | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description:
      'Declares the lists complete: items that they do not name are archived. An omitted list archives nothing; an empty list is refused. Aliases stay.',
  })
  archiveMissing?: boolean | null;
}

@ObjectType()
export class ImportCounts {
  @Field(() => Int)
  created!: number;

  @Field(() => Int, { description: 'Includes items that were restored from the archive.' })
  updated!: number;

  @Field(() => Int)
  unchanged!: number;

  @Field(() => Int, { description: 'Archived by archiveMissing.' })
  archived!: number;
}

@ObjectType({
  description:
    'Something to look at in an item that was imported: no model can draw it, or its code differs from another only in case.',
})
export class ImportWarning {
  @Field(() => String, { description: 'For example, input.products[17].promptName.' })
  field!: string;

  @Field(() => String)
  value!: string;

  @Field(() => String)
  message!: string;

  @Field(() => [String], {
    description: 'The nearest words that the models know, the nearest first; or the codes that differ only in case.',
  })
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
