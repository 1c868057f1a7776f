/**
 * Lists of the schema are resolved in turns like lists of data. The types of introspection are those of graphql-js,
 * shared by all schemas, so they are changed once, and only for operations of this service.
 */
import type { GraphQLFieldResolver } from 'graphql';
import { defaultFieldResolver, getNullableType, introspectionTypes, isListType, isObjectType } from 'graphql';

let isBounded = false;

/** @param inTurns replaces the items of a list by promises for them, by the context of the operation */
export function boundIntrospection(inTurns: (items: unknown, context: unknown) => unknown): void {
  if (isBounded) return;
  isBounded = true;
  for (const type of introspectionTypes) {
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      if (!isListType(getNullableType(field.type))) continue;
      const resolve = (field.resolve ?? defaultFieldResolver) as GraphQLFieldResolver<unknown, unknown>;
      field.resolve = (source: unknown, args, context, info): unknown =>
        inTurns(resolve(source, args, context, info), context);
    }
  }
}
