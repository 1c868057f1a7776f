/** GraphQL over HTTP. */
import { ApolloServer, HeaderMap } from '@apollo/server';
import type { GraphQLRequestContext } from '@apollo/server';
import { ApolloServerPluginDrainHttpServer } from '@apollo/server/plugin/drainHttpServer';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import { InMemoryLRUCache } from '@apollo/utils.keyvaluecache';
import { expressMiddleware } from '@as-integrations/express5';
import type { RequestHandler } from 'express';
import type { GraphQLSchema } from 'graphql';
import { GraphQLError } from 'graphql';
import type { IncomingMessage, Server } from 'node:http';
import { ServiceError } from '../errors.js';
import { beginExecution } from './beginExecution.js';
import type { Callers } from './callers.js';
import { requireIntrospection } from './introspectionAccess.js';
import type { Log } from '../log.js';
import type { Answer } from '../resolvers/boundedAnswers.js';
import type { Context, Services } from '../resolvers/context.js';
import { createContext } from '../resolvers/context.js';
import { toPublicError, unavailableDependency } from './publicErrors.js';
import { countOperation } from './operationMetrics.js';
import { unreportedError, withCode } from './operations.js';
import { QUERY_LIMITS, queryLimits } from './queryLimits.js';
import { requestOrigin } from './requestOrigin.js';
import { errorHead } from './errorHead.js';
import { errorStatusPlugin } from './errorStatus.js';
import { stringifyInTurns } from './stringifyInTurns.js';

export interface GraphqlOverHttp {
  readonly handler: RequestHandler;
  /** Waits for requests in progress and stops the HTTP server. */
  stop(): Promise<void>;
}

/** Bytes of the syntax trees, written as JSON, of all callers' operations. In memory they take about four times as much. */
const MAX_DOCUMENT_STORE = 4 * 2 ** 20;

export async function createGraphqlOverHttp(
  schema: GraphQLSchema,
  services: Services,
  callers: Callers,
  httpServer: Server,
  log: Log,
): Promise<GraphqlOverHttp> {
  /** By the data of the answer. */
  const sizes = new WeakMap<object, Answer>();
  const executions = new WeakMap<Context, () => void>();
  const apollo = new ApolloServer<Context>({
    schema,
    validationRules: [queryLimits],
    parseOptions: { maxTokens: QUERY_LIMITS.tokens },
    documentStore: new InMemoryLRUCache({ maxSize: MAX_DOCUMENT_STORE }),
    introspection: true,
    // The landing page loads from a CDN, persisted queries fill memory, and cache control looks at every field. None is of
    // use here.
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginDrainHttpServer({ httpServer, stopGracePeriodMillis: 3_000 }),
      {
        requestDidStart: () =>
          Promise.resolve({
            didResolveOperation: async (context) => {
              requireIntrospection(context.document, context.contextValue.identity, services.config.introspection);
              refuseSubscriptions(context);
              // Apollo calls `willSendResponse` whatever comes of the operation.
              executions.set(context.contextValue, await beginExecution(context.contextValue));
            },
            willSendResponse: async ({ operation, errors, response: { body }, contextValue }) => {
              executions.get(contextValue)?.();
              countOperation(operation?.operation, errors);
              if (body.kind === 'single' && body.singleResult.data != null)
                sizes.set(body.singleResult.data, contextValue.answer);
            },
          }),
        contextCreationDidFail: async ({ error }) => countOperation(undefined, [error]),
      },
      errorStatusPlugin,
    ],
    persistedQueries: false,
    // A browser asks before it sends any of these headers to another site. Without a key, nothing is answered anyway.
    csrfPrevention: { requestHeaders: ['authorization', 'x-apollo-operation-name', 'apollo-require-preflight'] },
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    logger: log,
    formatError: (formatted, error) => toPublicError(error, formatted, log),
    stringifyResult: (result) => stringifyInTurns(result, sizes.get(result.data ?? {})),
  });
  await apollo.start();
  const handler = expressMiddleware(apollo, { context: ({ req }) => contextOf(req, services, callers) });
  return {
    handler(request, response, next) {
      const { query } = (request.method === 'GET' ? request.query : (request.body ?? {})) as { query?: unknown };
      const error = unreportedError(schema, query);
      response.set('cache-control', 'no-store');
      if (error === undefined) return void handler(request, response, next);
      countOperation(undefined, [error]);
      return void response.status(400).json({ errors: [withCode(error, 'GRAPHQL_VALIDATION_FAILED')] });
    },
    stop: () => apollo.stop(),
  };
}

/** Apollo would run a subscription like a query. */
function refuseSubscriptions({ operation }: GraphQLRequestContext<Context>): void {
  if (operation?.operation !== 'subscription') return;
  const message =
    'Subscriptions use WebSocket (graphql-transport-ws) or server-sent events (accept: text/event-stream) on this path.';
  throw new GraphQLError(message, { extensions: { code: 'BAD_REQUEST', http: { status: 400 } } });
}

async function contextOf(request: IncomingMessage, services: Services, callers: Callers): Promise<Context> {
  try {
    const identity = await callers.identify(request);
    await services.rateLimiter.consume(identity.tenantId);
    return createContext(services, identity, requestOrigin(request, services.config));
  } catch (error) {
    const reported = error instanceof ServiceError ? error : unavailableDependency(error);
    if (reported === undefined) throw error;
    const { status, headers } = errorHead(reported);
    const http = { status, headers: new HeaderMap(Object.entries(headers)) };
    throw new GraphQLError(reported.message, { extensions: { ...reported.extensions, http } });
  }
}
