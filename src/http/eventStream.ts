/** One open stream of server-sent events: `next` events with results, and `complete`. */
import type { Response } from 'express';
import type { ExecutionResult, FormattedExecutionResult } from 'graphql';
import { once } from 'node:events';
import type { ServiceError } from '../errors.js';
import type { Log } from '../log.js';
import type { Session } from '../tenants/sessions.js';
import { maskErrors } from './operations.js';

/** Proxies close idle connections. */
const KEEP_ALIVE_MS = 12_000;
/** How long a client that does not read may take to read the last event. */
const LINGER_MS = 5_000;

export interface EventStream {
  /** Aborts when the client left, its credential ended, or the server goes away. */
  readonly end: AbortSignal;
  /** Resolves when the socket took the result, so a slow reader costs nothing. `id` is of the single connection mode. */
  next(result: ExecutionResult, id?: string): Promise<void>;
  /**
   * After an operation. If the credential ended, it says so first. At a shutdown it writes nothing, so that clients
   * reconnect, here or to another machine, and resume.
   */
  complete(id?: string): void;
  /** Ends the response. */
  close(): void;
}

export interface EventStreamOptions {
  readonly session: Session;
  /** Aborts when the server goes away. */
  readonly closing: AbortSignal;
  readonly log: Log;
}

export function openEventStream(response: Response, { session, closing, log }: EventStreamOptions): EventStream {
  const left = new AbortController();
  response.once('close', () => left.abort());
  if (response.destroyed) left.abort();
  const end = AbortSignal.any([left.signal, session.signal, closing]);
  response.set({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  });
  response.write(':\n\n');
  const keepAlive = setInterval(() => response.write(':\n\n'), KEEP_ALIVE_MS).unref();
  left.signal.addEventListener('abort', () => clearInterval(keepAlive));
  return {
    end,
    async next({ data, errors }, id) {
      const result =
        errors === undefined ? { data: data ?? null } : { data: data ?? null, errors: maskErrors(errors, log) };
      if (!response.write(event('next', result, id)))
        await once(response, 'drain', { signal: end }).catch(() => undefined);
    },
    complete(id) {
      const { aborted, reason } = session.signal;
      if (aborted) {
        const { message, extensions } = reason as ServiceError;
        response.write(event('next', { errors: [{ message, extensions }] } as FormattedExecutionResult, id));
      }
      if (aborted || !closing.aborted) response.write(event('complete', undefined, id));
    },
    close() {
      clearInterval(keepAlive);
      response.end();
      setTimeout(() => response.writableFinished || response.destroy(), LINGER_MS).unref();
    },
  };
}

function event(
  name: 'next' | 'complete',
  payload: FormattedExecutionResult | undefined,
  id: string | undefined,
): string {
  const data = id === undefined ? payload : { id, ...(payload === undefined ? {} : { payload }) };
  return `event: ${name}\ndata: ${data === undefined ? '' : JSON.stringify(data)}\n\n`;
}
