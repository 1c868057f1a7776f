/**
 * Cross-origin resource sharing: pages of the origins in CORS_ORIGINS may call the API, upload, and read artifacts.
 * The permission stays the key or the signature; credentials are not allowed, so the cookie of the console does not
 * count.
 */
import cors from 'cors';
import type { RequestHandler } from 'express';

const EXPOSED = ['accept-ranges', 'content-disposition', 'content-length', 'content-range', 'etag', 'retry-after'];
/** How long a browser remembers that a request is allowed. */
const MAX_AGE_SECONDS = 600;

export function allowOrigins(origins: readonly string[]): RequestHandler {
  if (origins.length === 0) return (_request, _response, next) => next();
  return cors({
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
    exposedHeaders: EXPOSED,
    maxAge: MAX_AGE_SECONDS,
  });
}
