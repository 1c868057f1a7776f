/** Everything that is served over HTTP, and the socket it is served on. */
import express from 'express';
import type { ErrorRequestHandler } from 'express';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ArtifactStore } from '../artifacts/store.js';
import { ServiceError, StartError } from '../errors.js';
import type { Log } from '../log.js';
import type { Parts } from '../resolvers/context.js';
import { createSchema } from '../resolvers/schema.js';
import { authenticate } from '../tenants/keys.js';
import { serveArtifacts } from './artifacts.js';
import { createGraphqlOverHttp } from './graphql.js';
import { health } from './health.js';
import { jsonBody } from './json.js';
import { hostForUrl } from './origin.js';
import { acceptUploads } from './uploads.js';
import { serveWebSocket } from './websocket.js';

const PATH = '/graphql';

export interface HttpServer {
  /** Of the GraphQL endpoint. */
  readonly url: string;
  close(): Promise<void>;
}

export async function startHttp(parts: Parts, store: ArtifactStore, log: Log): Promise<HttpServer> {
  let draining = false;
  const schema = createSchema();
  const app = express().disable('x-powered-by');
  const httpServer = createServer(app);
  const graphql = await createGraphqlOverHttp(schema, parts, httpServer, log);
  const closeWebSocket = serveWebSocket(schema, parts, httpServer, PATH, log);

  app.use(health({ pool: parts.pool, database: parts.database, draining: () => draining }));
  app.get('/artifacts/:tenant/:key', serveArtifacts(store, parts.signer));
  app.put(
    '/uploads/:tenant/:id',
    acceptUploads({
      database: parts.database,
      signer: parts.uploadSigner,
      store,
      maximumBytes: parts.config.limits.maximumUploadBytes,
      log,
    }),
  );
  app.all(PATH, ...jsonBody(({ headers }) => isAdmitted(parts.database, headers.authorization)), graphql.handler);
  app.use((_request, response) => {
    response.status(404).json({
      errors: [{ message: `There is nothing here; the API is at ${PATH}.`, extensions: { code: 'NOT_FOUND' } }],
    });
  });
  app.use(bodyErrors(log));

  const { host, port } = parts.config;
  await listen(httpServer, host, port);
  const bound = (httpServer.address() as AddressInfo).port;
  return {
    url: `http://${hostForUrl(host)}:${String(bound)}${PATH}`,
    async close() {
      draining = true;
      parts.wakeups.closeAll();
      await closeWebSocket();
      await graphql.stop();
    },
  };
}

async function isAdmitted(database: Parts['database'], authorization: unknown): Promise<boolean> {
  try {
    await authenticate(database, authorization);
    return true;
  } catch (error) {
    if (error instanceof ServiceError) return false;
    throw error;
  }
}

function listen(server: ReturnType<typeof createServer>, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(new StartError(explain(error, host, port))));
    server.listen(port, host, resolve);
  });
}

function explain(error: NodeJS.ErrnoException, host: string, port: number): string {
  const place = `${host}:${String(port)}`;
  if (error.code === 'EADDRINUSE')
    return `${place} is in use by another program; stop it, or set PORT to another port.`;
  if (error.code === 'EACCES') return `${place} may not be listened on by this user; set PORT to a port above 1023.`;
  return `Cannot listen on ${place}: ${error.message}`;
}

/** A body that is too large or is not JSON is told so in GraphQL's own form. */
function bodyErrors(log: Log): ErrorRequestHandler {
  return (error: Error & { status?: number; type?: string; limit?: number }, _request, response, next) => {
    if (response.headersSent) return next(error);
    const status = error.status ?? 500;
    if (status >= 500) log.error({ err: error }, 'request failed');
    const message =
      error.type === 'entity.too.large'
        ? `The request is larger than ${String(error.limit)} bytes.`
        : status < 500
          ? `The request cannot be read: ${error.message}`
          : 'Something went wrong in the service.';
    const code = status >= 500 ? 'INTERNAL_SERVER_ERROR' : 'BAD_REQUEST';
    response.status(status).json({ errors: [{ message, extensions: { code } }] });
  };
}
