/**
 * The "single connection" mode of the GraphQL-over-SSE protocol: a client reserves a stream (PUT), opens it, and then
 * starts and ends operations on it with requests of their own, which name the stream by its token. A token is of use
 * only together with the credential that reserved it, and only in this process.
 */
import { randomUUID } from 'node:crypto';
import type { ExecutionResult } from 'graphql';
import { ServiceError, quote } from '../errors.js';
import type { Answer } from '../resolvers/boundedAnswers.js';
import type { Identity } from '../tenants/identity.js';
import type { Session } from '../tenants/sessions.js';
import type { EventStream } from './eventStream.js';
import { requestError } from './streamRequest.js';
import { until } from './streamedResults.js';

/** How long a reserved stream waits to be opened. */
const RESERVATION_MS = 30_000;
const STREAMS_PER_TENANT = 100;
const OPERATIONS_PER_STREAM = 100;

interface Operation {
  readonly stop: AbortController;
  ended: Promise<void>;
}

interface Reservation {
  readonly identity: Identity;
  readonly session: Session;
  readonly operations: Map<string, Operation>;
  readonly stream: PromiseWithResolvers<EventStream>;
  /** Aborts when the stream ends, or when nobody opened it in time. */
  readonly over: AbortController;
  readonly expiry: NodeJS.Timeout;
  isOpen: boolean;
}

/** An operation that runs: its results, and the size of the latest one. */
export interface Started {
  readonly results: Results;
  readonly answer: () => Answer;
}

export interface SingleConnections {
  /** Returns the token of the stream. The session is closed with the stream. */
  reserve(identity: Identity, session: Session): string;
  /** Resolves when the stream has ended. `connect` is called unless the stream is unknown or open. */
  open(identity: Identity, token: string, connect: (session: Session) => EventStream): Promise<void>;
  /** Throws unless the stream exists and has room for an operation with this id. */
  requireRoom(identity: Identity, token: string, operationId: unknown): string;
  /** Writes the results to the stream, once it is open. Resolves when nothing of them is in memory any more. */
  start(token: string, operationId: string, started: Started): Promise<void>;
  /** Ends an operation, if it has not ended already. */
  stop(identity: Identity, token: string, operationId: unknown): void;
}

export function createSingleConnections(onFailure: (error: unknown) => void): SingleConnections {
  const reservations = new Map<string, Reservation>();

  /** The credential is checked with every request; the token alone gives no access. */
  function require({ tenantId, subject }: Identity, token: string): Reservation {
    const found = reservations.get(token);
    if (found?.identity.tenantId === tenantId && found.identity.subject === subject) return found;
    throw requestError(404, `There is no stream ${quote(token)}; reserve one with PUT.`);
  }

  function remove(token: string): void {
    const found = reservations.get(token);
    reservations.delete(token);
    clearTimeout(found?.expiry);
    found?.over.abort();
    found?.session.close();
  }

  async function forward(
    reservation: Reservation,
    id: string,
    stop: AbortSignal,
    { results, answer }: Started,
  ): Promise<void> {
    const { over } = reservation;
    const stream = await Promise.race([reservation.stream.promise, aborted(AbortSignal.any([stop, over.signal]))]);
    if (stream === undefined) return void (await results.return?.(undefined));
    const end = AbortSignal.any([stop, over.signal, stream.end]);
    // The next result is requested only after the stream took this one.
    for await (const result of until(end, results)) await stream.next(result, answer(), id);
    if (!stop.aborted && !over.signal.aborted) stream.complete(id);
  }

  return {
    reserve(identity, session) {
      const own = [...reservations.values()].filter((each) => each.identity.tenantId === identity.tenantId);
      if (own.length >= STREAMS_PER_TENANT) {
        session.close();
        throw tooMany(`The tenant has ${String(STREAMS_PER_TENANT)} streams with tokens in this process; close one.`);
      }
      const token = randomUUID();
      reservations.set(token, {
        identity,
        session,
        operations: new Map(),
        stream: Promise.withResolvers(),
        over: new AbortController(),
        expiry: setTimeout(() => remove(token), RESERVATION_MS).unref(),
        isOpen: false,
      });
      return token;
    },

    async open(identity, token, connect) {
      const reservation = require(identity, token);
      if (reservation.isOpen) throw requestError(409, 'This stream is open already; reserve another one with PUT.');
      reservation.isOpen = true;
      clearTimeout(reservation.expiry);
      const stream = connect(reservation.session);
      reservation.stream.resolve(stream);
      try {
        await aborted(AbortSignal.any([stream.end, reservation.over.signal]));
        await Promise.all([...reservation.operations.values()].map(({ ended }) => ended));
      } finally {
        stream.close();
        remove(token);
      }
    },

    requireRoom(identity, token, operationId) {
      const { operations } = require(identity, token);
      if (typeof operationId !== 'string' || operationId === '' || operationId.length > 200)
        throw requestError(400, 'extensions.operationId: must be a string of 1 … 200 characters');
      if (operations.has(operationId))
        throw requestError(409, `extensions.operationId: ${quote(operationId)} is in progress on this stream`);
      if (operations.size >= OPERATIONS_PER_STREAM)
        throw tooMany(
          `One stream carries at most ${String(OPERATIONS_PER_STREAM)} operations at a time; open another.`,
        );
      return operationId;
    },

    async start(token, operationId, started) {
      const reservation = reservations.get(token);
      if (reservation === undefined) return void (await started.results.return?.(undefined));
      const stop = new AbortController();
      const ended = forward(reservation, operationId, stop.signal, started)
        .catch((error: unknown) => {
          // Without `complete`, the client reconnects and resumes after the last event that it saw.
          onFailure(error);
          reservation.over.abort();
        })
        .finally(() => reservation.operations.delete(operationId));
      reservation.operations.set(operationId, { stop, ended });
      await ended;
    },

    stop(identity, token, operationId) {
      require(identity, token).operations.get(String(operationId))?.stop.abort();
    },
  };
}

type Results = AsyncIterable<ExecutionResult> & Pick<Partial<AsyncGenerator<ExecutionResult>>, 'return'>;

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

function tooMany(message: string): ServiceError {
  return new ServiceError('TOO_MANY_SUBSCRIPTIONS', message, { http: { status: 429 } });
}
