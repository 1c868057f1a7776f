/**
 * Wraps every HTTP request: an id, from the caller or generated, which is returned; a span; and a log line at the end.
 * Only the path of the URL is logged, because the query can hold signatures.
 */
import { randomUUID } from 'node:crypto';
import { SpanKind } from '@opentelemetry/api';
import type { RequestHandler, Response } from 'express';
import type { IncomingMessage } from 'node:http';
import type { Log } from '../log.js';
import { httpRequestSeconds } from '../observability/metrics.js';
import { withLogContext } from '../observability/logContext.js';
import { startSpan, contextFromTraceparent, withSpan } from '../observability/tracing.js';

const SOUND_ID = /^[\w.:/+=-]{1,128}$/;
/** Frequent requests that are not worth a log line. */
const QUIET_PATHS = new Set(['/livez', '/readyz', '/metrics']);
const ROUTES = new Set(['/graphql', '/artifacts', '/uploads', '/mcp', '/session', ...QUIET_PATHS]);

export function requestId({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && SOUND_ID.test(given) ? given : randomUUID();
}

export function logRequests(log: Log): RequestHandler {
  return (request, response, next) => {
    const id = requestId(request);
    const started = performance.now();
    const { method, path } = request;
    response.set('x-request-id', id);
    const attributes = { 'http.request.method': method, 'url.path': path, 'defectdiffu.request': id };
    const parent = contextFromTraceparent(header(request, 'traceparent'));
    const span = startSpan(`${method} ${routeName(path)}`, { kind: SpanKind.SERVER, attributes }, parent);
    withLogContext({ request: id }, () => {
      response.once('close', () => {
        const status = response.statusCode;
        span.setAttribute('http.response.status_code', status).end();
        const ms = Math.round(performance.now() - started);
        if (!isStream(response))
          httpRequestSeconds.observe({ route: routeOf(path), status: statusClass(status) }, ms / 1000);
        log[QUIET_PATHS.has(path) ? 'debug' : 'info']({ method, path, status, ms }, 'request answered');
      });
      withSpan(span, next);
    });
  };
}

/** It lasts as long as its reader wants. */
function isStream(response: Response): boolean {
  return String(response.get('content-type')).startsWith('text/event-stream');
}

/** Only routes that exist: callers must not create series. */
function routeOf(path: string): string {
  const name = routeName(path);
  return ROUTES.has(name) ? name : 'other';
}

function statusClass(status: number): string {
  return `${String(Math.floor(status / 100))}xx`;
}

/** The first path segment only: the ids in the rest would create as many span names. */
function routeName(path: string): string {
  return `/${path.split('/')[1] ?? ''}`;
}

function header({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}
