/** One open stream of server-sent events: `next` events with results, and `complete`. */
import type { Response } from 'express';
import type { ExecutionResult } from 'graphql';
import { once } from 'node:events';
import type { ServiceError } from '../errors.js';
import type { Log } from '../log.js';
import type { Answer } from '../resolvers/boundedAnswers.js';
import type { Session } from '../tenants/sessions.js';
import { publicResult } from './operations.js';
import { stringifyInTurns } from './stringifyInTurns.js';

/** Proxies close idle connections. */
const KEEP_ALIVE_MS = 12_000;
/** How long a client that does not read may take to read the last event. */
const LINGER_MS = 5_000;

export interface EventStream {
  /** Aborts when the client left, its credential ended, or the server goes away. */
  readonly end: AbortSignal;
  /**
   * Resolves when the socket took the result, so a slow reader costs nothing. `answer` is the size of the result, and `id`
   * is of the single connection mode.
   */
  next(result: ExecutionResult, answer: Answer, id?: string): Promise<void>;
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
    async next(result, answer, id) {
      const json = await stringifyInTurns(of(publicResult(result, log), id), answer);
      if (!response.write(event('next', json))) await once(response, 'drain', { signal: end }).catch(() => undefined);
    },
    complete(id) {
      const { aborted, reason } = session.signal;
      if (aborted) {
        const { message, extensions } = reason as ServiceError;
        response.write(event('next', JSON.stringify(of({ errors: [{ message, extensions }] }, id))));
      }
      if (aborted || !closing.aborted)
        response.write(event('complete', id === undefined ? '' : JSON.stringify({ id })));
    },
    close() {
      clearInterval(keepAlive);
      response.end();
      setTimeout(() => response.writableFinished || response.destroy(), LINGER_MS).unref();
    },
  };
}

/** In the single connection mode, a result is the payload of an operation. */
function of(payload: object, id: string | undefined): object {
  return id === undefined ? payload : { id, payload };
}

function event(name: 'next' | 'complete', data: string): string {
  return `event: ${name}\ndata: ${data}\n\n`;
}
