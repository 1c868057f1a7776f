import { GraphQLURL } from 'graphql-scalars';
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { DateTime } from './dateTime.js';
import { Node } from './node.js';
import { UploadPurpose } from './enums.js';

@ObjectType({
  implements: Node,
  description:
    'A permission to upload one file: PUT its bytes to the URL without a key. After a refused file, the upload stays open for another one.',
})
export class Upload {
  @Field(() => ID)
  id!: string;

  @Field(() => UploadPurpose)
  purpose!: keyof typeof UploadPurpose;

  @Field(() => GraphQLURL)
  url!: URL;

  @Field(() => DateTime, { description: 'When the URL expires. Query the upload again for a new one.' })
  expiresAt!: Date;

  @Field(() => Int, { description: 'Of the file. A DATA_SET and a MODEL can have more than the others.' })
  maximumBytes!: number;

  @Field(() => DateTime, { nullable: true, description: 'When its file was accepted.' })
  completedAt!: Date | null;
}

@InputType()
export class CreateUploadInput {
  @Field(() => UploadPurpose)
  purpose!: keyof typeof UploadPurpose;

  @Field(() => String, {
    nullable: true,
    description:
      'The product that a REFERENCE shows, and that the photographs of a DATA_SET show whose layout does not name it. The other purposes have none.',
  })
  partNumber?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'The defect that a REFERENCE shows, for transplants; it needs maskId. Without it, the photograph shows a good part.',
  })
  defectCode?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: 'The MASK that marks the defect: uploaded before, and of the size of the photograph.',
  })
  maskId?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Of a REFERENCE, a label for people. Of a DATA_SET, its name. The other purposes have none.',
  })
  name?: string | null;
}
