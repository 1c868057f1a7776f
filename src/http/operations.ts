/** Parsing and validation for the streaming transports, with the same limits and error codes as over HTTP. */
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

/** The syntax error of an operation; undefined if it can be parsed. */
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

/** Adds a code to an error that has none. */
export function withCode(error: GraphQLError, code: string): GraphQLError {
  const { message, source = null, positions = null } = error;
  return new GraphQLError(message, { source, positions, extensions: { code, ...error.extensions } });
}
