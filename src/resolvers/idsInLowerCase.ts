/**
 * Takes ids in lower case, as they are stored. PostgreSQL finds a row by its id in either case, but the service compares
 * ids with those of rows, seals secrets under them, and signals by them. Names of models, which are ids too, stay as
 * they are.
 */
import { GraphQLID } from 'graphql';
import { isId } from '../storage/identifiers.js';

const { parseValue, parseLiteral } = GraphQLID;

const stored = (id: string): string => (isId(id) ? id.toLowerCase() : id);

/** Of every schema in the process: GraphQL has one type for ids. */
export function takeIdsInLowerCase(): void {
  GraphQLID.parseValue = (value) => stored(parseValue(value));
  GraphQLID.parseLiteral = (node, variables) => stored(parseLiteral(node, variables));
}
