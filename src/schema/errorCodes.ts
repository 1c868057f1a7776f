/** The codes of errors as enums of the schema. No field has them as its type: `extensions` are outside of the schema. */
import { GraphQLEnumType, GraphQLSchema } from 'graphql';
import type { CatalogueEntry } from '../errorCatalogue.js';
import { ERROR_CODES, FAILURE_CODES } from '../errorCatalogue.js';
import type { ExportFailure } from '../storage/exportJsonColumns.js';
import type { GenerationFailure } from '../storage/jsonColumns.js';
import type { TrainingFailure } from '../storage/trainingJsonColumns.js';

/** All of them, or this does not compile. */
type Failure = GenerationFailure | ExportFailure | TrainingFailure;
const FAILURES: Readonly<Record<Failure['code'], CatalogueEntry>> = FAILURE_CODES;

export function withErrorCodes(schema: GraphQLSchema): GraphQLSchema {
  const { types, ...config } = schema.toConfig();
  const about = 'Every `code` in the `extensions` of an error. A later version can have more. See docs/errors.md.';
  const ofFailures =
    'Every `code` of a GenerationError, an ExportError, or a TrainingError. A later version can have more.';
  const codes = [enumOf('ErrorCode', about, ERROR_CODES), enumOf('FailureCode', ofFailures, FAILURES)];
  return new GraphQLSchema({ ...config, types: [...types, ...codes] });
}

function enumOf(name: string, description: string, codes: Readonly<Record<string, CatalogueEntry>>): GraphQLEnumType {
  const values = Object.entries(codes).map(([code, entry]) => [code, { description: describe(entry) }] as const);
  return new GraphQLEnumType({ name, description, values: Object.fromEntries(values) });
}

function describe({ when, extensions }: CatalogueEntry): string {
  return extensions === undefined ? when : `${when} Extensions: ${extensions.join(', ')}.`;
}
