/**
 * The JSON body of a GraphQL request. It is read only from callers that are known, when one of their tenant's turns is
 * free, and up to a size and a depth. Only catalog imports may be large.
 */
import type { Request, RequestHandler } from 'express';
import express from 'express';
import type { IncomingMessage } from 'node:http';
import type { FairSemaphore } from '../fairSemaphore.js';
import type { FairTurns } from '../fairTurns.js';
import type { Callers } from './callers.js';
import { requireShallow } from './jsonDepth.js';

const BODY_BYTES = 256 * 1024;
const IMPORT_BYTES = 8 * 1024 * 1024;
const TYPES = ['application/json', 'application/graphql-response+json'];

/** Stands for the body of a caller that is not known, which is discarded. */
const UNREAD: object = Object.freeze({});

/** What the handler finds in `response.locals`. */
export interface OperationLocals {
  /** For streams, which outlive the response or their operation: the operation does not count any more, or then. */
  endOperation: (then?: Promise<void>) => void;
}

export interface Shared {
  /** Bounds the operations of one tenant that are read, executed, or answered at a time. */
  readonly operations: FairSemaphore;
  /** An operation begins when it is its tenant's turn. */
  readonly turns: FairTurns;
}

/** Of inflated bodies, in bytes. */
const lengths = new WeakMap<IncomingMessage, number>();

export function jsonBody(callers: Callers, { operations, turns }: Shared): RequestHandler[] {
  const verify = (request: IncomingMessage, _response: unknown, body: Buffer): void => {
    requireShallow(body);
    lengths.set(request, body.length);
  };
  const small = express.json({ limit: BODY_BYTES, type: TYPES, verify });
  const large = express.json({ limit: IMPORT_BYTES, type: TYPES, verify });
  return [
    async (request, response, next) => {
      const tenantId = await tenantOf(request, callers);
      if (tenantId === undefined) {
        request.body = UNREAD;
        return next();
      }
      const left = new AbortController();
      response.once('close', () => left.abort());
      if (response.destroyed) return;
      const end = await operations.enter(tenantId, 1, left.signal).catch((error: unknown) => {
        if (!left.signal.aborted) throw error;
      });
      if (end === undefined) return;
      let after: Promise<void> | undefined;
      response.once('close', () => void (after === undefined ? end() : after.finally(end)));
      (response.locals as Partial<OperationLocals>).endOperation = (then) => {
        if (then === undefined) end();
        else after = then;
      };
      if (response.destroyed) return end();
      (mayBeLarge(request) ? large : small)(request, response, next);
    },
    async (request, _response, next) => {
      if (request.body !== UNREAD) {
        if (mayBeLarge(request) && !isImport(request.body)) requireSmall(request);
        await turns.nextOperation((await callers.identify(request)).tenantId);
      }
      next();
    },
  ];
}

/** Undefined for a caller that is not known. The handler asks again, and reports why. */
async function tenantOf(request: Request, callers: Callers): Promise<string | undefined> {
  try {
    return (await callers.identify(request)).tenantId;
  } catch {
    return undefined;
  }
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

function requireSmall(request: IncomingMessage): void {
  const announced = Number(request.headers['content-length'] ?? 0);
  const length = Math.max(announced, lengths.get(request) ?? 0);
  if (length > BODY_BYTES)
    throw Object.assign(new Error('too large'), { status: 413, type: 'entity.too.large', limit: BODY_BYTES });
}
