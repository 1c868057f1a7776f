/**
 * The JSON body of a GraphQL request. Only catalog imports may be large, and only from authenticated callers: the key
 * is checked before the body is read.
 */
import type { RequestHandler } from 'express';
import express from 'express';
import type { IncomingMessage } from 'node:http';

const BODY_BYTES = 256 * 1024;
const IMPORT_BYTES = 8 * 1024 * 1024;
const TYPES = ['application/json', 'application/graphql-response+json'];

/** @param isAuthenticated whether the request has a valid key */
export function jsonBody(isAuthenticated: (request: IncomingMessage) => Promise<boolean>): RequestHandler[] {
  const small = express.json({ limit: BODY_BYTES, type: TYPES });
  const large = express.json({ limit: IMPORT_BYTES, type: TYPES });
  return [
    async (request, response, next) => {
      const reader = mayBeLarge(request) && (await isAuthenticated(request)) ? large : small;
      reader(request, response, next);
    },
    (request, _response, next) => {
      if (mayBeLarge(request) && !isImport(request.body)) requireSmall(request);
      next();
    },
  ];
}

/** A compressed or chunked body can have any size. */
function mayBeLarge({ headers }: IncomingMessage): boolean {
  if (headers['content-encoding'] !== undefined || headers['transfer-encoding'] !== undefined) return true;
  return Number(headers['content-length'] ?? 0) > BODY_BYTES;
}

/** A looser bound, not a security check: a query that only mentions the name still stays below the larger bound. */
function isImport(body: unknown): boolean {
  const query = (body as { query?: unknown } | undefined)?.query;
  return typeof query === 'string' && query.includes('importCatalog');
}

function requireSmall(request: IncomingMessage & { body?: unknown }): void {
  const announced = Number(request.headers['content-length'] ?? 0);
  const length = Math.max(announced, request.body === undefined ? 0 : Buffer.byteLength(JSON.stringify(request.body)));
  if (length > BODY_BYTES)
    throw Object.assign(new Error('too large'), { status: 413, type: 'entity.too.large', limit: BODY_BYTES });
}
