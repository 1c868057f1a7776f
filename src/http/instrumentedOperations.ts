/**
 * Instruments operations over WebSocket and SSE like HTTP requests: each is counted, has a span, and has its log
 * context on every log line.
 */
import { SpanKind } from '@opentelemetry/api';
import type { ExecutionArgs, ExecutionResult } from 'graphql';
import { execute, getOperationAST, subscribe } from 'graphql';
import type { LogContext } from '../observability/logContext.js';
import { streamWithLogContext, withLogContext } from '../observability/logContext.js';
import { inSpan } from '../observability/tracing.js';
import { countOperation } from './operationMetrics.js';

/** @param factsOf returns the log context of an operation, from its GraphQL context */
export function instrumentedOperations(factsOf: (context: unknown) => LogContext) {
  return {
    execute: (args: ExecutionArgs): Promise<ExecutionResult> =>
      instrumented(args, factsOf(args.contextValue), async () => {
        const result = await execute(args);
        countOperation(typeOf(args), result.errors);
        return result;
      }),

    async subscribe(args: ExecutionArgs) {
      const facts = factsOf(args.contextValue);
      const result = await instrumented(args, facts, async () => subscribe(args));
      countOperation('subscription', 'errors' in result ? result.errors : undefined);
      return Symbol.asyncIterator in result ? streamWithLogContext(facts, result) : result;
    },
  };
}

function instrumented<T>(args: ExecutionArgs, facts: LogContext, work: () => Promise<T>): Promise<T> {
  const attributes = facts.request === undefined ? {} : { 'defectdiffu.request': facts.request };
  return withLogContext(facts, () => inSpan(`stream ${typeOf(args)}`, { kind: SpanKind.SERVER, attributes }, work));
}

function typeOf({ document, operationName }: ExecutionArgs): string {
  return getOperationAST(document, operationName)?.operation ?? 'unknown';
}
