/** Everything that is served over HTTP, and the server socket. */
import express from 'express';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import type { IncomingMessage, Server, ServerOptions } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from '../config.js';
import { ServiceError, StartError } from '../errors.js';
import type { Log } from '../log.js';
import { registerServiceGauges } from './serviceGauges.js';
import type { Services } from '../resolvers/context.js';
import { createSchema } from '../resolvers/schema.js';
import { createThumbnails } from '../artifacts/thumbnails.js';
import { serveArtifacts } from './artifactRoute.js';
import { boundConnections } from './boundConnections.js';
import { createCallers } from './callers.js';
import { unavailableDependency } from './publicErrors.js';
import { allowOrigins } from './crossOrigin.js';
import { serveConsoleFiles, serveGraphiql } from './consoleFiles.js';
import { createGraphqlOverHttp } from './graphqlOverHttp.js';
import type { ReadinessChecks } from './health.js';
import { health } from './health.js';
import { jsonBody } from './jsonBody.js';
import { serveIdentityProvider } from './identityProviderRoute.js';
import { serveMcp } from './mcpRoute.js';
import { serveMetrics } from './metricsRoute.js';
import { hostForUrl } from './requestOrigin.js';
import { logRequests } from './requestLogging.js';
import { errorHead } from './errorHead.js';
import { serveSession } from './sessionRoute.js';
import type { SignInLink } from './signInLink.js';
import { redeemSignInLink } from './signInLink.js';
import { serveEventStreams } from './eventStreams.js';
import { isForEventStream } from './streamRequest.js';
import { acceptUploads } from './uploadRoute.js';
import { openTrustedDocuments } from './trustedDocuments.js';
import { serveWebSocket } from './websocket.js';

const PATH = '/graphql';

export interface HttpServer {
  /** The URL of the GraphQL endpoint. */
  readonly url: string;
  close(): Promise<void>;
}

/** The endpoint of a worker process: health and metrics only. */
export async function startHealth(config: Config, readiness: ReadinessChecks, log: Log): Promise<HttpServer> {
  registerServiceGauges({
    database: readiness.database,
    devices: () => readiness.pool?.devices() ?? [],
    subscribers: () => 0,
  });
  const app = express().disable('x-powered-by');
  app.use(noSniffing);
  app.get('/metrics', serveMetrics(config.metricsToken));
  app.use(health(readiness), notFound('/readyz'), handleErrors(log));
  const server = createServer(app);
  return {
    url: await listen(server, config, '/readyz'),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export async function startHttp(
  services: Services,
  readiness: ReadinessChecks,
  log: Log,
  signInLink?: SignInLink,
): Promise<HttpServer> {
  const { store } = services;
  const schema = createSchema({ federation: services.config.federation });
  const app = express().disable('x-powered-by');
  // Offers of other protocols (h2c, as Java's client sends) are ignored.
  const shouldUpgradeCallback = ({ headers }: IncomingMessage): boolean => /^websocket$/i.test(headers.upgrade ?? '');
  const httpServer = createServer({ shouldUpgradeCallback } as ServerOptions, app);
  boundConnections(httpServer, services.config.connections.connections, log);
  const callers = createCallers(services.access, services.config);
  const graphql = await createGraphqlOverHttp(schema, services, callers, httpServer, log);
  const eventStreams = serveEventStreams(schema, services, callers, log);
  const documents = openTrustedDocuments(services.config.trustedDocuments, schema);
  const sockets = serveWebSocket(schema, services, callers, httpServer, PATH, log, documents);
  registerServiceGauges({
    database: services.database,
    devices: () => readiness.pool?.devices() ?? [],
    subscribers: sockets.operations,
  });

  app.use(logRequests(log), noSniffing);
  app.use(allowOrigins(services.config.corsOrigins));
  app.get('/metrics', serveMetrics(services.config.metricsToken));
  app.use(health(readiness));
  app.get(
    '/artifacts/:tenant/:key',
    serveArtifacts(store, createThumbnails(services.database, store), {
      signer: services.signer,
      access: services.access,
      callers,
    }),
  );
  app.put(
    '/uploads/:tenant/:id',
    acceptUploads({
      database: services.database,
      credentialStatus: services.access.credentialStatus,
      signer: services.uploadSigner,
      store,
      limits: services.config.limits,
      models: services.models,
      decoding: services.decoding,
      rateLimiter: services.rateLimiter,
      log,
    }),
  );
  if (services.config.console.enabled) {
    app.get('/', redeemSignInLink(signInLink, services.access, services.config));
    app.use(serveIdentityProvider(services), serveSession(services));
    app.get(PATH, serveGraphiql(services.config));
  }
  const json = jsonBody(callers, services);
  const registered = documents.middleware(callers);
  const either: RequestHandler = (request, response, next) =>
    (isForEventStream(request) ? eventStreams : graphql).handler(request, response, next);
  app.all(`${PATH}/stream`, ...json, registered, eventStreams.handler);
  const paths = services.config.trustedDocuments.folder === undefined ? PATH : [PATH, `${PATH}/:documentId`];
  app.all(paths, ...json, registered, either);
  if (services.config.mcp) app.use(serveMcp(services, () => loopbackUrl(httpServer, services.config)));
  if (services.config.console.enabled) app.use(serveConsoleFiles(services.config));
  app.use(notFound(PATH));
  app.use(handleErrors(log));
  return {
    url: await listen(httpServer, services.config, PATH),
    async close() {
      eventStreams.close();
      services.waiters.closeAll();
      await sockets.close();
      await graphql.stop();
    },
  };
}

/** Resolves to the URL of `path`. */
async function listen(server: Server, { host, port, keepAliveSeconds }: Config, path: string): Promise<string> {
  server.keepAliveTimeout = keepAliveSeconds * 1000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new StartError(explainListenError(error, host, port))),
    );
    server.listen(port, host, resolve);
  });
  return `http://${hostForUrl(host)}:${String((server.address() as AddressInfo).port)}${path}`;
}

/** The GraphQL endpoint as this process itself reaches it. */
function loopbackUrl(server: Server, { host }: Config): string {
  const own = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${hostForUrl(own)}:${String((server.address() as AddressInfo).port)}${PATH}`;
}

/** A browser must not take JSON with a caller's text in it for a page. */
const noSniffing: RequestHandler = (_request, response, next) => {
  response.set('x-content-type-options', 'nosniff');
  next();
};

function notFound(path: string): RequestHandler {
  return (_request, response) => {
    const message = `There is nothing here; try ${path}.`;
    response.status(404).json({ errors: [{ message, extensions: { code: 'NOT_FOUND' } }] });
  };
}

function explainListenError(error: NodeJS.ErrnoException, host: string, port: number): string {
  const place = `${host}:${String(port)}`;
  if (error.code === 'EADDRINUSE')
    return `${place} is in use by another program; stop it, or set PORT to another port.`;
  if (error.code === 'EACCES') return `${place} is not allowed for this user; set PORT to a port above 1023.`;
  return `Cannot listen on ${place}: ${error.message}`;
}

/** Reports a body that is too large or not JSON in the error format of GraphQL. */
function handleErrors(log: Log): ErrorRequestHandler {
  return (error: Error & { status?: number; type?: string; limit?: number }, _request, response, next) => {
    if (response.headersSent) return next(error);
    const away = error instanceof ServiceError ? error : unavailableDependency(error);
    if (away !== undefined) {
      const { status, headers } = errorHead(away);
      if (away !== error) log.warn({ err: error }, 'request failed');
      response
        .status(status)
        .set(headers)
        .json({ errors: [{ message: away.message, extensions: away.extensions }] });
      return;
    }
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
