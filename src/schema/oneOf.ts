/** `@oneOf` inputs: exactly one field is given, and it is not null. type-graphql does not know them yet. */
import type { GraphQLSchema } from 'graphql';
import { isInputObjectType } from 'graphql';
import { Extensions } from 'type-graphql';

/** Marks an input type, all of whose fields are nullable and have no default. */
export function OneOf(): ClassDecorator {
  return Extensions({ isOneOf: true }) as ClassDecorator;
}

/** Gives the marked types of a schema the flag that graphql-js validates by, prints, and shows to introspection. */
export function applyOneOf(schema: GraphQLSchema): void {
  for (const type of Object.values(schema.getTypeMap()))
    if (isInputObjectType(type) && type.extensions['isOneOf'] === true) type.isOneOf = true;
}
