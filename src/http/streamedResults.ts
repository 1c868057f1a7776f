/** The results of one operation, for transports that stream them. */
import type { ExecutionResult, GraphQLSchema } from 'graphql';
import { GraphQLError, OperationTypeNode, getOperationAST } from 'graphql';
import { currentLogContext } from '../observability/logContext.js';
import type { Context } from '../resolvers/context.js';
import { instrumentedOperations } from './instrumentedOperations.js';
import { runExecution } from './beginExecution.js';
import { requireIntrospection } from './introspectionAccess.js';
import { countOperation } from './operationMetrics.js';
import { parseLimited, syntaxError, validateLimited, withCode } from './operations.js';
import type { StreamedOperation } from './streamRequest.js';

export async function resultsOf(
  schema: GraphQLSchema,
  { query, operationName, variables, mayChange }: StreamedOperation,
  contextValue: Context,
): Promise<AsyncIterable<ExecutionResult>> {
  const unreadable = syntaxError(query);
  if (unreadable !== undefined) return refused([unreadable]);
  const document = parseLimited(query);
  const wrong = validateLimited(schema, document);
  if (wrong.length > 0) return refused(wrong.map((each) => withCode(each, 'GRAPHQL_VALIDATION_FAILED')));
  requireIntrospection(document, contextValue.identity, contextValue.services.config.introspection);
  const operation = getOperationAST(document, operationName)?.operation;
  if (operation === OperationTypeNode.MUTATION && !mayChange) {
    throw new GraphQLError('A mutation needs POST.', { extensions: { code: 'BAD_REQUEST', http: { status: 405 } } });
  }
  const args = {
    schema,
    document,
    variableValues: variables ?? {},
    operationName: operationName ?? null,
    contextValue,
  };
  const { execute, subscribe } = instrumentedOperations(() => currentLogContext());
  const result = await (operation === OperationTypeNode.SUBSCRIPTION
    ? subscribe(args)
    : runExecution(contextValue, async () => execute(args)));
  return Symbol.asyncIterator in result ? result : single(result);
}

function refused(errors: readonly GraphQLError[]): AsyncIterable<ExecutionResult> {
  countOperation(undefined, errors);
  return single({ errors });
}

const singles = new WeakSet<AsyncIterable<ExecutionResult>>();

/** Whether the results are one answer that is in memory already, and not a subscription. */
export function isSingle(results: AsyncIterable<ExecutionResult>): boolean {
  return singles.has(results);
}

function single(result: ExecutionResult): AsyncGenerator<ExecutionResult> {
  const results = only(result);
  singles.add(results);
  return results;
}

async function* only(result: ExecutionResult): AsyncGenerator<ExecutionResult> {
  yield result;
}

/** Yields results until the signal aborts. It does not wait for the next result then. */
export async function* until<T>(signal: AbortSignal, source: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  const ended = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), ended]);
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  } finally {
    // An iterator that waits for an event returns when this wakes it.
    iterator.return?.().catch(() => undefined);
  }
}
