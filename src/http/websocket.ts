/**
 * GraphQL over WebSocket (graphql-transport-ws). The key comes in the connection's first message, for browsers
 * cannot set headers. Queries pass the same limits, and errors the same mask, as over HTTP.
 */
import type { GraphQLSchema } from 'graphql';
import { GraphQLError, parse, specifiedRules, validate } from 'graphql';
import type { Context as Connection } from 'graphql-ws';
import type { Extra } from 'graphql-ws/use/ws';
import { useServer } from 'graphql-ws/use/ws';
import type { Server } from 'node:http';
import { WebSocketServer } from 'ws';
import { ServiceError } from '../errors.js';
import type { Log } from '../log.js';
import type { Facts } from '../observability/facts.js';
import type { Parts } from '../resolvers/context.js';
import { createContext } from '../resolvers/context.js';
import type { Identity } from '../tenants/keys.js';
import { authenticate } from '../tenants/keys.js';
import { countOperation } from './counting.js';
import { publicError } from './errors.js';
import { QUERY_LIMITS, queryLimits } from './limits.js';
import { observedOperations } from './operations.js';
import { originOf } from './origin.js';
import { requestIdOf } from './requests.js';

const MESSAGE_BYTES = 256 * 1024;
const SUBSCRIPTIONS_PER_CONNECTION = 100;
/** graphql-transport-ws: the server rejects the connection. Clients do not retry on it. */
const FORBIDDEN = 4403;

type Params = { readonly authorization?: unknown; readonly Authorization?: unknown };
type Ours = Connection<Params, Extra & { identity?: Identity; requestId?: string }>;

export interface Sockets {
  /** How many are in progress. */
  operations(): number;
  /** Subscribers are told that the server goes away. */
  close(): Promise<void>;
}

export function serveWebSocket(
  schema: GraphQLSchema,
  parts: Parts,
  httpServer: Server,
  path: string,
  log: Log,
): Sockets {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_BYTES });
  httpServer.on('upgrade', (request, socket, head) => {
    if (request.url?.split('?')[0] !== path) {
      socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request));
  });
  const mask = (errors: readonly GraphQLError[], usual?: string) =>
    errors.map((error) => publicError(error, error.toJSON(), log, usual));
  const parseLimited = (source: string) => parse(source, { maxTokens: QUERY_LIMITS.tokens });
  const connections = new Set<Ours>();
  /** By the context of each operation; the id is that of the request that opened the connection. */
  const facts = new WeakMap<object, Facts>();
  const server = useServer<Params, { identity?: Identity; requestId?: string }>(
    {
      schema,
      ...observedOperations((context) => facts.get(context as object) ?? {}),
      parse: (source) => parseLimited(String(source)),
      validate: (checked, document) => validate(checked, document, [...specifiedRules, queryLimits]),
      onConnect: (connection) => {
        connections.add(connection);
        return admit(connection, parts);
      },
      onClose: (connection) => void connections.delete(connection),
      onSubscribe: async (connection, _id, { query }) => {
        if (Object.keys(connection.subscriptions).length > SUBSCRIPTIONS_PER_CONNECTION) {
          const message = `One connection carries at most ${String(SUBSCRIPTIONS_PER_CONNECTION)} operations at a time; open another.`;
          return [new GraphQLError(message, { extensions: { code: 'TOO_MANY_SUBSCRIPTIONS' } })];
        }
        const refused = await rateOf(connection, parts);
        if (refused !== undefined) return [refused];
        try {
          parseLimited(query);
        } catch (error) {
          // Thrown later it would close the connection, with every other subscription on it.
          if (error instanceof GraphQLError) return [withCode(error, 'GRAPHQL_PARSE_FAILED')];
          throw error;
        }
        return undefined;
      },
      context: ({ extra }) => {
        if (extra.identity === undefined) throw new Error('an operation came before its connection was admitted');
        const context = createContext(parts, extra.identity, originOf(extra.request, parts.config));
        extra.requestId ??= requestIdOf(extra.request);
        facts.set(context, { request: extra.requestId, tenant: extra.identity.tenantId });
        return context as never;
      },
      onError: (_connection, _id, _payload, errors) => {
        countOperation(undefined, errors);
        return mask(errors, 'GRAPHQL_VALIDATION_FAILED');
      },
      onNext: (_connection, _id, _payload, _args, result) =>
        result.errors === undefined ? undefined : { data: result.data ?? null, errors: mask(result.errors) },
    },
    sockets,
  );
  return {
    operations: () => [...connections].reduce((sum, { subscriptions }) => sum + Object.keys(subscriptions).length, 0),
    close: async () => {
      await server.dispose();
    },
  };
}

async function admit({ connectionParams, extra }: Ours, parts: Parts): Promise<boolean> {
  try {
    extra.identity = await authenticate(
      parts.database,
      connectionParams?.authorization ?? connectionParams?.Authorization,
    );
    return true;
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    extra.socket.close(FORBIDDEN, `${error.code}: ${error.message}`.slice(0, 120));
    return false;
  }
}

async function rateOf({ extra }: Ours, { rates }: Parts): Promise<GraphQLError | undefined> {
  try {
    await rates.take(extra.identity?.tenantId ?? '');
    return undefined;
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return new GraphQLError(error.message, { extensions: error.extensions });
  }
}

function withCode(error: GraphQLError, code: string): GraphQLError {
  const { message, source = null, positions = null } = error;
  return new GraphQLError(message, { source, positions, extensions: { ...error.extensions, code } });
}
