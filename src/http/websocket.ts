/**
 * GraphQL over WebSocket (graphql-transport-ws). The key comes in the connection's first message, for browsers
 * cannot set headers. Queries pass the same limits, and errors the same mask, as over HTTP.
 */
import type { GraphQLSchema } from 'graphql';
import { GraphQLError } from 'graphql';
import type { Context as Connection } from 'graphql-ws';
import type { Extra } from 'graphql-ws/use/ws';
import { useServer } from 'graphql-ws/use/ws';
import type { Server } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { ServiceError } from '../errors.js';
import type { Log } from '../log.js';
import type { Parts } from '../resolvers/context.js';
import { createContext } from '../resolvers/context.js';
import type { Identity } from '../tenants/identity.js';
import type { Session } from '../tenants/sessions.js';
import { masked, parseLimited, syntaxError, validateLimited } from './operations.js';
import { originOf } from './origin.js';

const MESSAGE_BYTES = 256 * 1024;
const SUBSCRIPTIONS_PER_CONNECTION = 100;
/** graphql-transport-ws: the server rejects the connection. */
const FORBIDDEN = 4403;
const TRY_AGAIN_LATER = 1013;
/** How long one who is put out may take to say goodbye. */
const LINGER_MS = 5_000;

type Params = { readonly authorization?: unknown; readonly Authorization?: unknown };
type Admitted = { identity?: Identity; session?: Session };
type Ours = Connection<Params, Extra & Admitted>;

/** Returns what closes it: subscribers are told that the server goes away. */
export function serveWebSocket(
  schema: GraphQLSchema,
  parts: Parts,
  httpServer: Server,
  path: string,
  log: Log,
): () => Promise<void> {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_BYTES });
  httpServer.on('upgrade', (request, socket, head) => {
    if (request.url?.split('?')[0] !== path) {
      socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request));
  });
  const server = useServer<Params, Admitted>(
    {
      schema,
      parse: (source) => parseLimited(String(source)),
      validate: validateLimited,
      onConnect: (connection) => admit(connection, parts),
      onSubscribe: (connection, _id, { query }) => {
        const end = endOf(connection.extra);
        if (end !== undefined) return [new GraphQLError(end.message, { extensions: end.extensions })];
        if (Object.keys(connection.subscriptions).length > SUBSCRIPTIONS_PER_CONNECTION) {
          const message = `One connection carries at most ${String(SUBSCRIPTIONS_PER_CONNECTION)} operations at a time; open another.`;
          return [new GraphQLError(message, { extensions: { code: 'TOO_MANY_SUBSCRIPTIONS' } })];
        }
        // Thrown later it would close the connection, with every other subscription on it.
        const unreadable = syntaxError(query);
        return unreadable === undefined ? undefined : [unreadable];
      },
      context: ({ extra }) => {
        if (extra.identity === undefined) throw new Error('an operation came before its connection was admitted');
        return createContext(parts, extra.identity, originOf(extra.request, parts.config)) as never;
      },
      onError: (_connection, _id, _payload, errors) => masked(errors, log, 'GRAPHQL_VALIDATION_FAILED'),
      onNext: (_connection, _id, _payload, _args, result) =>
        result.errors === undefined ? undefined : { data: result.data ?? null, errors: masked(result.errors, log) },
    },
    sockets,
  );
  return async () => {
    await server.dispose();
  };
}

async function admit(connection: Ours, { access }: Parts): Promise<boolean> {
  const { connectionParams, extra } = connection;
  try {
    const authorization = connectionParams?.authorization ?? connectionParams?.Authorization;
    extra.identity = await access.authenticate(authorization);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    close(extra.socket, error);
    return false;
  }
  const session = access.sessions.open(extra.identity);
  extra.session = session;
  session.signal.addEventListener('abort', () => putOut(connection), { once: true });
  extra.socket.once('close', () => session.close());
  if (extra.socket.readyState !== WebSocket.OPEN) session.close();
  return true;
}

/** Every operation ends with an error that says why, and then the connection. */
function putOut({ subscriptions, extra }: Ours): void {
  const end = endOf(extra);
  if (end === undefined) return;
  const payload = [{ message: end.message, extensions: end.extensions }];
  for (const [id, running] of Object.entries(subscriptions)) {
    extra.socket.send(JSON.stringify({ id, type: 'error', payload }));
    if (running !== null && 'return' in running) void running.return(undefined);
  }
  close(extra.socket, end);
  setTimeout(() => extra.socket.terminate(), LINGER_MS).unref();
}

function endOf({ session }: Admitted): ServiceError | undefined {
  return session?.signal.aborted === true ? (session.signal.reason as ServiceError) : undefined;
}

function close(socket: WebSocket, { code, message }: ServiceError): void {
  // Clients do not come again after the first, and do after the second.
  socket.close(code === 'AUTH_UNAVAILABLE' ? TRY_AGAIN_LATER : FORBIDDEN, reason(`${code}: ${message}`));
}

/** The protocol has room for 123 bytes. */
function reason(text: string): string {
  return Buffer.from(text)
    .subarray(0, 120)
    .toString('utf8')
    .replace(/\ufffd$/, '');
}
