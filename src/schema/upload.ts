import { GraphQLURL } from 'graphql-scalars';
import { Field, GraphQLISODateTime, ID, InputType, Int, ObjectType } from 'type-graphql';
import { UploadPurpose } from './enums.js';

@ObjectType({
  description:
    'The permission to send one file: PUT its bytes to the URL, as they are, without a key. A file that is refused leaves the upload open for a better one.',
})
export class Upload {
  @Field(() => ID)
  id!: string;

  @Field(() => UploadPurpose)
  purpose!: keyof typeof UploadPurpose;

  @Field(() => GraphQLURL)
  url!: URL;

  @Field(() => GraphQLISODateTime, { description: 'Of the URL; query the upload again for a new one.' })
  expiresAt!: Date;

  @Field(() => Int)
  maximumBytes!: number;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'When its file was accepted.' })
  completedAt!: Date | null;
}

@InputType()
export class CreateUploadInput {
  @Field(() => UploadPurpose)
  purpose!: keyof typeof UploadPurpose;

  @Field(() => String, { nullable: true, description: 'The product that a REFERENCE shows; a MASK has none.' })
  partNumber?: string | null;

  @Field(() => String, { nullable: true, description: 'Of a REFERENCE, for people; a MASK has none.' })
  name?: string | null;
}
