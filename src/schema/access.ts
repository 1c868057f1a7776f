import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { DateTime } from './dateTime.js';
import { API_KEY_ORDERS } from '../tenants/apiKeys.js';
import { Node } from './node.js';
import { connectionType, orderInput } from './connection.js';
import { Role } from './enums.js';

@ObjectType({ description: 'The caller, as the service sees it.' })
export class Caller {
  @Field(() => String, { description: 'The name of the tenant.' })
  tenant!: string;

  @Field(() => Role)
  role!: keyof typeof Role;

  @Field(() => String, { description: '"key:<id>" or "token:<sub>".' })
  subject!: string;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When the key or token expires, and with it every subscription that it opened.',
  })
  expiresAt?: Date | undefined;
}

@ObjectType({
  implements: Node,
  description: 'An API key of the tenant. The key itself was shown once, when it was created.',
})
export class ApiKey {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'A label for people.' })
  name!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'The first characters of the key, to recognize it by. Null for a key of an older version that was not used since.',
  })
  prefix!: string | null;

  @Field(() => Role)
  role!: keyof typeof Role;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true })
  expiresAt!: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Accurate to five minutes.' })
  lastUsedAt!: Date | null;

  @Field(() => DateTime, { nullable: true })
  revokedAt!: Date | null;
}

export const ApiKeyConnection = connectionType(ApiKey);
export const ApiKeyOrder = orderInput('ApiKey', API_KEY_ORDERS);

@InputType()
export class CreateApiKeyInput {
  @Field(() => String, { description: 'A label for people: what the key is for.' })
  name!: string;

  @Field(() => Role)
  role!: keyof typeof Role;

  @Field(() => DateTime, { nullable: true })
  expiresAt?: Date | null;
}

@ObjectType()
export class CreateApiKeyPayload {
  @Field(() => ApiKey)
  apiKey!: ApiKey;

  @Field(() => String, { description: 'The key. It is shown only once.' })
  secret!: string;
}
