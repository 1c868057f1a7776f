/** Operations over WebSocket and SSE, as HTTP requests are: counted, each with a span, and with its facts through every line of the log. */
import { SpanKind } from '@opentelemetry/api';
import type { ExecutionArgs, ExecutionResult } from 'graphql';
import { execute, getOperationAST, subscribe } from 'graphql';
import type { Facts } from '../observability/facts.js';
import { streamWithFacts, withFacts } from '../observability/facts.js';
import { inSpan } from '../observability/tracing.js';
import { countOperation } from './counting.js';

/** @param factsOf of the operation with this context. */
export function observedOperations(factsOf: (context: unknown) => Facts) {
  return {
    execute: (args: ExecutionArgs): Promise<ExecutionResult> =>
      observed(args, factsOf(args.contextValue), async () => {
        const result = await execute(args);
        countOperation(typeOf(args), result.errors);
        return result;
      }),

    async subscribe(args: ExecutionArgs) {
      const facts = factsOf(args.contextValue);
      const result = await observed(args, facts, async () => subscribe(args));
      countOperation('subscription', 'errors' in result ? result.errors : undefined);
      return Symbol.asyncIterator in result ? streamWithFacts(facts, result) : result;
    },
  };
}

function observed<T>(args: ExecutionArgs, facts: Facts, work: () => Promise<T>): Promise<T> {
  const attributes = facts.request === undefined ? {} : { 'defectdiffu.request': facts.request };
  return withFacts(facts, () => inSpan(`stream ${typeOf(args)}`, { kind: SpanKind.SERVER, attributes }, work));
}

function typeOf({ document, operationName }: ExecutionArgs): string {
  return getOperationAST(document, operationName)?.operation ?? 'unknown';
}
