/**
 * GraphQL over WebSocket (graphql-transport-ws). The key comes in the payload of connection_init, because browsers cannot
 * set headers, in the header of the upgrade request, or as the session cookie of the console. Query limits and error masking are the same as over HTTP.
 */
import type { ExecutionResult, GraphQLSchema } from 'graphql';
import { GraphQLError } from 'graphql';
import type { Context as Connection } from 'graphql-ws';
import { handleProtocols, makeServer } from 'graphql-ws';
import type { Server } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { ServiceError } from '../errors.js';
import type { Log } from '../log.js';
import type { LogContext } from '../observability/logContext.js';
import type { Context, Services } from '../resolvers/context.js';
import { createContext } from '../resolvers/context.js';
import type { Identity } from '../tenants/identity.js';
import type { Session } from '../tenants/sessions.js';
import { runExecution } from './beginExecution.js';
import type { Callers } from './callers.js';
import { closeBecause } from './closeSocket.js';
import type { SocketExtra } from './graphqlSocket.js';
import { openGraphqlSocket } from './graphqlSocket.js';
import { requireIntrospection } from './introspectionAccess.js';
import { countOperation } from './operationMetrics.js';
import { unavailableDependency } from './publicErrors.js';
import { instrumentedOperations } from './instrumentedOperations.js';
import { maskErrors, parseLimited, publicResult, validateLimited } from './operations.js';
import { requestOrigin } from './requestOrigin.js';
import { requestId } from './requestLogging.js';
import { createSocketResults } from './socketResults.js';
import type { TrustedDocuments } from './trustedDocuments.js';

const MESSAGE_BYTES = 256 * 1024;
/** How long a peer may take to answer a close. */
const CLOSE_MS = 2_000;
const SUBSCRIPTIONS_PER_CONNECTION = 100;
const GOING_AWAY = 1001;
const INTERNAL_ERROR = 1011;
/** How long a disconnected client may take to close the connection. */
const LINGER_MS = 5_000;

type Credentials = { readonly authorization?: unknown; readonly Authorization?: unknown };
type Params = Credentials & { readonly headers?: Credentials | null };
type ConnectionState = { identity?: Identity; session?: Session; requestId?: string };
type ClientConnection = Connection<Params, SocketExtra & ConnectionState>;

export interface WebSocketTransport {
  /** The number of operations in progress. */
  operations(): number;
  /** Tells subscribers that the server goes away. */
  close(): Promise<void>;
}

export function serveWebSocket(
  schema: GraphQLSchema,
  services: Services,
  callers: Callers,
  httpServer: Server,
  path: string,
  log: Log,
  documents: TrustedDocuments,
): WebSocketTransport {
  const options = { noServer: true, maxPayload: MESSAGE_BYTES, closeTimeout: CLOSE_MS, handleProtocols };
  const sockets = new WebSocketServer(options);
  /** Connections that are not acknowledged yet, the oldest first. Each ends within seconds. */
  const unknown = new Set<WebSocket>();
  httpServer.on('upgrade', (request, socket, head) => {
    // Node removes its own listener, and an unhandled error would end the process.
    socket.on('error', () => socket.destroy());
    if (request.url?.split('?')[0] !== path) {
      socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => {
      // Who has a key is acknowledged soon, so the oldest is the least likely to be.
      const [oldest] = unknown;
      if (oldest !== undefined && unknown.size >= services.config.connections.unknownSockets) {
        unknown.delete(oldest);
        oldest.terminate();
      }
      unknown.add(client);
      client.once('close', () => unknown.delete(client));
      openGraphqlSocket(protocol, client, socket, request, log);
    });
  });
  const connections = new Set<ClientConnection>();
  /** By the GraphQL context of each operation. The id is that of the request that opened the connection. */
  const logContexts = new WeakMap<object, LogContext>();
  const writable = new WeakMap<object, () => Promise<void>>();
  const results = createSocketResults(log);
  const instrumented = instrumentedOperations((context) => logContexts.get(context as object) ?? {});
  const protocol = makeServer<Params, SocketExtra & ConnectionState>({
    schema,
    subscribe: instrumented.subscribe,
    execute: (args) => {
      const context = args.contextValue as Context;
      const { tenantId } = context.identity;
      return services.operations.run(tenantId, 1, async () => {
        await writable.get(context)?.();
        await services.turns.nextOperation(tenantId);
        const result = await runExecution(context, async () => instrumented.execute(args));
        await results.prepare(result, context.answer);
        return result;
      });
    },
    onOperation: ({ extra, subscriptions }, id, _payload, { contextValue }, result) =>
      results.sendLarge(
        result as ExecutionResult,
        () => (contextValue as Context).answer,
        async (json) => {
          if (id in subscriptions) await extra.send(`{"id":${JSON.stringify(id)},"type":"next","payload":${json}}`);
        },
      ),
    parse: (source) => parseLimited(String(source)),
    validate: validateLimited,
    onConnect: async (connection) => {
      connections.add(connection);
      const admitted = await authenticate(connection, services, callers, log);
      if (admitted) {
        unknown.delete(connection.extra.socket);
        connection.extra.acknowledge();
      }
      return admitted;
    },
    onClose: (connection) => void connections.delete(connection),
    onSubscribe: async (connection, _id, payload) => {
      const end = endReason(connection.extra);
      if (end !== undefined) return [new GraphQLError(end.message, { extensions: end.extensions })];
      if (Object.keys(connection.subscriptions).length > SUBSCRIPTIONS_PER_CONNECTION) {
        const message = `One connection carries at most ${String(SUBSCRIPTIONS_PER_CONNECTION)} operations at a time; open another.`;
        return [new GraphQLError(message, { extensions: { code: 'TOO_MANY_SUBSCRIPTIONS' } })];
      }
      const refused = await rateLimitError(connection, services);
      if (refused !== undefined) return [refused];
      await services.turns.nextOperation(connection.extra.identity?.tenantId ?? '');
      // A later error would close the connection with all its subscriptions.
      const unreadable = documents.replaceId(payload);
      if (unreadable !== undefined) return [unreadable];
      return introspectionError(connection, payload.query, services);
    },
    context: ({ extra }) => {
      if (extra.identity === undefined) throw new Error('an operation came before its connection was authenticated');
      const context = createContext(services, extra.identity, requestOrigin(extra.request, services.config));
      extra.requestId ??= requestId(extra.request);
      writable.set(context, extra.writable);
      logContexts.set(context, { request: extra.requestId, tenant: extra.identity.tenantId });
      return context as never;
    },
    onError: (_connection, _id, _payload, errors) => {
      countOperation(undefined, errors);
      return maskErrors(errors, log, 'GRAPHQL_VALIDATION_FAILED');
    },
    onNext: (_connection, _id, _payload, _args, result) => publicResult(result, log),
  });
  return {
    operations: () => [...connections].reduce((sum, { subscriptions }) => sum + Object.keys(subscriptions).length, 0),
    close: async () => {
      for (const client of sockets.clients) client.close(GOING_AWAY, 'Going away');
      await new Promise((resolve) => sockets.close(resolve));
    },
  };
}

async function authenticate(
  connection: ClientConnection,
  { access }: Services,
  callers: Callers,
  log: Log,
): Promise<boolean> {
  const { extra } = connection;
  try {
    extra.identity = await callers.identifySocket(extra.request, authorizationIn(connection));
    extra.session = access.sessions.open(extra.identity);
  } catch (error) {
    const reported = error instanceof ServiceError ? error : unavailableDependency(error);
    if (reported !== error)
      log[reported === undefined ? 'error' : 'warn']({ err: error }, 'a connection was not admitted');
    if (reported === undefined) extra.socket.close(INTERNAL_ERROR, 'Something went wrong in the service.');
    else closeBecause(reported, extra.socket);
    return false;
  }
  const session = extra.session;
  session.signal.addEventListener('abort', () => disconnect(connection), { once: true });
  extra.socket.once('close', () => session.close());
  if (extra.socket.readyState !== WebSocket.OPEN) session.close();
  return true;
}

/** Returns the error, whatever it is: throwing would close the connection with all its operations. */
async function rateLimitError(
  { extra }: ClientConnection,
  { rateLimiter }: Services,
): Promise<GraphQLError | undefined> {
  try {
    await rateLimiter.consume(extra.identity?.tenantId ?? '');
    return undefined;
  } catch (error) {
    const { message } = error as Error;
    return new GraphQLError(message, { originalError: error as Error });
  }
}

function introspectionError(
  { extra }: ClientConnection,
  query: string,
  { config }: Services,
): GraphQLError[] | undefined {
  if (extra.identity === undefined) return undefined;
  try {
    requireIntrospection(parseLimited(query), extra.identity, config.introspection);
    return undefined;
  } catch (error) {
    return [new GraphQLError((error as Error).message, { originalError: error as Error })];
  }
}

/** Ends every operation with an error that says why, and then the connection. */
function disconnect({ subscriptions, extra }: ClientConnection): void {
  const end = endReason(extra);
  if (end === undefined) return;
  const payload = [{ message: end.message, extensions: end.extensions }];
  for (const [id, running] of Object.entries(subscriptions)) {
    extra.socket.send(JSON.stringify({ id, type: 'error', payload }));
    if (running !== null && 'return' in running) running.return(undefined).catch(() => undefined);
  }
  closeBecause(end, extra.socket);
  setTimeout(() => extra.socket.terminate(), LINGER_MS).unref();
}

function endReason({ session }: ConnectionState): ServiceError | undefined {
  return session?.signal.aborted === true ? (session.signal.reason as ServiceError) : undefined;
}

/** From the payload of connection_init, where some clients nest their headers. */
function authorizationIn({ connectionParams }: ClientConnection): unknown {
  const { headers } = connectionParams ?? {};
  const given = [connectionParams, headers].map((each) => each?.authorization ?? each?.Authorization);
  return given.find((each) => each != null);
}
