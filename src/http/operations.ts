/** Parsing and validation for the streaming transports, with the same limits and error codes as over HTTP. */
import type { DocumentNode, FormattedExecutionResult, GraphQLFormattedError, GraphQLSchema } from 'graphql';
import { GraphQLError, SingleFieldSubscriptionsRule, parse, specifiedRules, validate } from 'graphql';
import type { Log } from '../log.js';
import { toPublicError } from './publicErrors.js';
import { QUERY_LIMITS, queryLimits, tooLarge } from './queryLimits.js';
import { nestingOf } from './queryNesting.js';
import { repetitionOf } from './queryRepetition.js';

/** A shorter text has too few fields to be compared for long. */
const LEAST_REPETITIVE = 1_000;

export function parseLimited(source: string): DocumentNode {
  const nested = tooDeep(source);
  if (nested !== undefined) throw nested;
  const document = parse(source, { maxTokens: QUERY_LIMITS.tokens });
  const repeated = tooRepetitive(document);
  if (repeated !== undefined) throw repeated;
  return document;
}

/** A rule of graphql-js throws at a wrong directive on a subscription, instead of reporting it. */
export function validateLimited(schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[] {
  try {
    return validate(schema, document, [...specifiedRules, queryLimits]);
  } catch (error) {
    if (error instanceof GraphQLError) return [withCode(error, 'GRAPHQL_VALIDATION_FAILED')];
    throw error;
  }
}

/** The error of an operation whose brackets would end the stack of the parser. */
function tooDeep(source: string): GraphQLError | undefined {
  const nesting = nestingOf(source, QUERY_LIMITS.nesting);
  return nesting > QUERY_LIMITS.nesting ? tooLarge('nesting', nesting) : undefined;
}

function tooRepetitive(document: DocumentNode): GraphQLError | undefined {
  const pairs = repetitionOf(document, QUERY_LIMITS.repetition);
  if (pairs <= QUERY_LIMITS.repetition) return undefined;
  return tooLarge('repetition', Number.isFinite(pairs) ? pairs : QUERY_LIMITS.repetition + 1);
}

/**
 * The error at which Apollo would throw: in its parser, or in its validation, where only documents with a subscription
 * can have one; and the one of a document whose validation would take long.
 */
export function unreportedError(schema: GraphQLSchema, query: unknown): GraphQLError | undefined {
  if (typeof query !== 'string') return undefined;
  const nested = tooDeep(query);
  const isSubscription = query.includes('subscription');
  if (nested !== undefined || (!isSubscription && query.length < LEAST_REPETITIVE)) return nested;
  try {
    const document = parseLimited(query);
    if (isSubscription) validate(schema, document, [SingleFieldSubscriptionsRule]);
    return undefined;
  } catch (error) {
    // A syntax error is reported by Apollo.
    return error instanceof GraphQLError && !error.message.startsWith('Syntax Error') ? error : undefined;
  }
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

interface Result {
  readonly data?: Record<string, unknown> | null | undefined;
  readonly errors?: readonly GraphQLError[] | undefined;
}

/** A result as a caller may see it. */
export function publicResult({ data, errors }: Result, log: Log): FormattedExecutionResult {
  return errors === undefined ? { data: data ?? null } : { data: data ?? null, errors: maskErrors(errors, log) };
}

/** Adds a code to an error that has none. */
export function withCode(error: GraphQLError, code: string): GraphQLError {
  const { message, source = null, positions = null } = error;
  return new GraphQLError(message, { source, positions, extensions: { code, ...error.extensions } });
}
