/** One operation as the streaming transports read it: within the limits, and with errors that have codes. */
import type { DocumentNode, GraphQLFormattedError, GraphQLSchema } from 'graphql';
import { GraphQLError, parse, specifiedRules, validate } from 'graphql';
import type { Log } from '../log.js';
import { toPublicError } from './publicErrors.js';
import { QUERY_LIMITS, queryLimits } from './queryLimits.js';

export function parseLimited(source: string): DocumentNode {
  return parse(source, { maxTokens: QUERY_LIMITS.tokens });
}

export function validateLimited(schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[] {
  return validate(schema, document, [...specifiedRules, queryLimits]);
}

/** What is wrong with the text of an operation; undefined if it can be read. */
export function syntaxError(source: string): GraphQLError | undefined {
  try {
    parseLimited(source);
    return undefined;
  } catch (error) {
    if (error instanceof GraphQLError) return withCode(error, 'GRAPHQL_PARSE_FAILED');
    throw error;
  }
}

export function maskErrors(errors: readonly GraphQLError[], log: Log, usual?: string): GraphQLFormattedError[] {
  return errors.map((error) => toPublicError(error, error.toJSON(), log, usual));
}

/** Unless it has one. */
export function withCode(error: GraphQLError, code: string): GraphQLError {
  const { message, source = null, positions = null } = error;
  return new GraphQLError(message, { source, positions, extensions: { code, ...error.extensions } });
}
