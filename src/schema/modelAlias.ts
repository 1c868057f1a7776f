import { Field, ObjectType } from 'type-graphql';
import { DateTime } from './dateTime.js';

@ObjectType({
  description:
    'A tenant\'s name for one version of a model, such as "production". It can be moved. Generations keep the version.',
})
export class ModelAlias {
  @Field(() => String)
  alias!: string;

  @Field(() => String, { description: 'name@version.' })
  model!: string;

  @Field(() => String, {
    nullable: true,
    description: 'What it stood for before it was moved, to move it back. Null if it never was.',
  })
  previousModel!: string | null;

  @Field(() => DateTime)
  updatedAt!: Date;

  @Field(() => String, {
    nullable: true,
    description: 'The subject of the caller who set it: "key:<id>" or "token:<sub>".',
  })
  updatedBy!: string | null;
}
