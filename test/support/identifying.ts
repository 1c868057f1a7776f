/** Reads from the schema where a caller can name a thing: every argument and input field that takes an id or a code. */
import type { GraphQLArgument, GraphQLInputField, GraphQLSchema } from 'graphql';
import { getNamedType, isInputObjectType, isObjectType } from 'graphql';

/** By their type, or by their name: ids, part numbers, codes, keys, aliases, models, cursors, and parts of any of them. */
const NAMES = /(^id|Ids?|[nN]umbers?|[cC]odes?|[kK]eys?|^alias|^model|^drawableBy|^search|^after|^before)$/;

/** Such as "Mutation.cancelGeneration(id)" and "Query.samples(filter.generationId)", of every object type. */
export function identifyingArguments(schema: GraphQLSchema): string[] {
  return Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type) && !type.name.startsWith('__'))
    .flatMap((type) =>
      isObjectType(type)
        ? Object.values(type.getFields()).flatMap((field) =>
            field.args.flatMap((argument) => paths(argument, [])).map((path) => `${type.name}.${field.name}(${path})`),
          )
        : [],
    );
}

function paths(field: GraphQLArgument | GraphQLInputField, above: readonly string[]): string[] {
  const type = getNamedType(field.type);
  const path = [...above, field.name];
  if (isInputObjectType(type)) {
    // A type within itself says nothing new.
    return above.length > 5 ? [] : Object.values(type.getFields()).flatMap((inner) => paths(inner, path));
  }
  return type.name === 'ID' || NAMES.test(field.name) ? [path.join('.')] : [];
}
