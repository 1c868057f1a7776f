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

/** @param logContextOf returns the log context of an operation, from its GraphQL context */
export function instrumentedOperations(logContextOf: (context: unknown) => LogContext) {
  return {
    execute: (args: ExecutionArgs): Promise<ExecutionResult> =>
      instrumented(args, logContextOf(args.contextValue), async () => {
        const result = await execute(args);
        countOperation(typeOf(args), result.errors);
        return result;
      }),

    async subscribe(args: ExecutionArgs) {
      const logContext = logContextOf(args.contextValue);
      const result = await instrumented(args, logContext, async () => subscribe(args));
      countOperation('subscription', 'errors' in result ? result.errors : undefined);
      return Symbol.asyncIterator in result ? streamWithLogContext(logContext, result) : result;
    },
  };
}

function instrumented<T>(args: ExecutionArgs, logContext: LogContext, work: () => Promise<T>): Promise<T> {
  const attributes = logContext.request === undefined ? {} : { 'defectdiffu.request': logContext.request };
  return withLogContext(logContext, () =>
    inSpan(`stream ${typeOf(args)}`, { kind: SpanKind.SERVER, attributes }, work),
  );
}

function typeOf({ document, operationName }: ExecutionArgs): string {
  return getOperationAST(document, operationName)?.operation ?? 'unknown';
}
