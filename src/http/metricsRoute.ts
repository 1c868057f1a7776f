/**
 * GET /metrics for Prometheus. With METRICS_TOKEN, it requires that token as bearer token. Without, it answers only
 * callers on this machine, and none that came through a proxy, because every proxied caller appears to be local.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import { registry } from '../observability/metrics.js';

const LOOPBACK = /^(::ffff:)?127\.|^::1$/;

export function serveMetrics(token: string | undefined): RequestHandler {
  return async (request, response) => {
    response.set('cache-control', 'no-store');
    if (!mayRead(request, token)) {
      const message =
        token === undefined
          ? 'Metrics are available on this machine only; set METRICS_TOKEN to read them from elsewhere.'
          : 'Metrics need "authorization: Bearer <METRICS_TOKEN>".';
      response.status(token === undefined ? 403 : 401).json({ error: { code: 'FORBIDDEN', message } });
      return;
    }
    response.type(registry.contentType).send(await registry.metrics());
  };
}

function mayRead({ headers, socket }: Request, token: string | undefined): boolean {
  if (token !== undefined) return equal(headers.authorization ?? '', `Bearer ${token}`);
  const proxied = headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined;
  return !proxied && LOOPBACK.test(socket.remoteAddress ?? '');
}

function equal(a: string, b: string): boolean {
  const [left, right] = [a, b].map((text) => createHash('sha256').update(text).digest());
  return left !== undefined && right !== undefined && timingSafeEqual(left, right);
}
