/**
 * GraphQL over server-sent events (the GraphQL-over-SSE protocol). In the "distinct connections" mode, one request is
 * one operation; its results are `next` events, followed by `complete`. For the other mode, see singleConnections.ts.
 */
import type { Request, RequestHandler, Response } from 'express';
import type { GraphQLSchema } from 'graphql';
import { GraphQLError } from 'graphql';
import { ServiceError } from '../errors.js';
import type { Log } from '../log.js';
import type { Services } from '../resolvers/context.js';
import { createContext } from '../resolvers/context.js';
import type { Session } from '../tenants/sessions.js';
import type { Callers } from './callers.js';
import { errorHead } from './errorHead.js';
import { openEventStream } from './eventStream.js';
import type { OperationLocals } from './jsonBody.js';
import { countOperation } from './operationMetrics.js';
import { unavailableDependency } from './publicErrors.js';
import { requestOrigin } from './requestOrigin.js';
import type { Started } from './singleConnections.js';
import { createSingleConnections } from './singleConnections.js';
import type { StreamedOperation } from './streamRequest.js';
import { readStreamRequest } from './streamRequest.js';
import { isSingle, resultsOf, until } from './streamedResults.js';

const NO_STORE = { 'cache-control': 'no-store' };

export interface EventStreams {
  readonly handler: RequestHandler;
  /** Ends every stream without `complete`, so that clients reconnect, here or to another machine, and resume. */
  close(): void;
}

export function serveEventStreams(schema: GraphQLSchema, services: Services, callers: Callers, log: Log): EventStreams {
  const closing = new AbortController();
  const connections = createSingleConnections(logFailure);
  const connect = (response: Response, session: Session) =>
    openEventStream(response, { session, closing: closing.signal, log });

  async function answer(request: Request, response: Response): Promise<void> {
    // First, because the body of an unknown caller is not read.
    const identity = await callers.identify(request);
    const asked = readStreamRequest(request);
    await services.rateLimiter.consume(identity.tenantId);
    const { sessions } = services.access;
    const run = async (operation: StreamedOperation): Promise<Started> => {
      const context = createContext(services, identity, requestOrigin(request, services.config));
      return { results: await resultsOf(schema, operation, context), answer: () => context.answer };
    };
    switch (asked.kind) {
      case 'RUN':
        return streamAlone(response, sessions.open(identity), () => run(asked.operation));
      case 'RESERVE': {
        const token = connections.reserve(identity, sessions.open(identity));
        return void response.status(201).set(NO_STORE).type('text/plain').send(token);
      }
      case 'OPEN':
        endOperation(response);
        return connections.open(identity, asked.token, (session) => connect(response, session));
      case 'START': {
        const id = connections.requireRoom(identity, asked.token, asked.operationId);
        const started = await run(asked.operation);
        const sent = connections.start(asked.token, id, started);
        // An answer counts until it was read.
        if (isSingle(started.results)) (response.locals as Partial<OperationLocals>).endOperation?.(sent);
        else sent.catch(logFailure);
        return void response.status(202).set(NO_STORE).end();
      }
      case 'STOP':
        connections.stop(identity, asked.token, asked.operationId);
        return void response.status(200).set(NO_STORE).end();
    }
  }

  async function streamAlone(response: Response, session: Session, run: () => Promise<Started>): Promise<void> {
    try {
      const { results, answer } = await run();
      endOperation(response);
      const stream = connect(response, session);
      for await (const result of until(stream.end, results)) await stream.next(result, answer());
      stream.complete();
      stream.close();
    } catch (error) {
      if (!response.headersSent) throw error;
      // Without `complete`, the client reconnects and resumes after the last event that it saw.
      logFailure(error);
      response.destroy();
    } finally {
      session.close();
    }
  }

  /** What follows is paced by the reader and, at each event, by fair turns. */
  function endOperation({ locals }: Response): void {
    (locals as Partial<OperationLocals>).endOperation?.();
  }

  function logFailure(error: unknown): void {
    log[unavailableDependency(error) === undefined ? 'error' : 'warn']({ err: error }, 'an event stream failed');
  }

  return {
    handler: (request, response) =>
      answer(request, response).catch((error: unknown) => {
        const reported =
          error instanceof ServiceError || error instanceof GraphQLError ? error : unavailableDependency(error);
        if (response.headersSent) throw error;
        countOperation(undefined, [error]);
        if (reported === undefined) throw error;
        if (reported !== error) log.warn({ err: error }, 'request failed');
        sendError(response, reported);
      }),
    close: () => closing.abort(),
  };
}

function sendError(response: Response, error: ServiceError | GraphQLError): void {
  const { http = undefined, ...extensions } = error.extensions as { http?: { status: number } };
  const { status, headers } =
    error instanceof ServiceError && http === undefined
      ? errorHead(error)
      : { status: http?.status ?? 400, headers: {} };
  response
    .status(status)
    .set({ ...headers, ...NO_STORE })
    .json({ errors: [{ message: error.message, extensions }] });
}
