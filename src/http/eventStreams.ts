/**
 * GraphQL over server-sent events, in the "distinct connections" mode of the GraphQL-over-SSE protocol. One request is
 * one operation; its results are `next` events, followed by `complete`. (The protocol's other mode keeps results in
 * memory under a token that gives anyone access, and only on the machine that created it.) The next result is requested
 * only after the previous one was written, so a slow reader costs nothing.
 */
import type { Request, RequestHandler, Response } from 'express';
import type { ExecutionResult, GraphQLSchema } from 'graphql';
import { GraphQLError, OperationTypeNode, getOperationAST } from 'graphql';
import { once } from 'node:events';
import { ServiceError } from '../errors.js';
import type { Log } from '../log.js';
import { currentLogContext } from '../observability/logContext.js';
import type { Context, Services } from '../resolvers/context.js';
import { createContext } from '../resolvers/context.js';
import type { Session } from '../tenants/sessions.js';
import { countOperation } from './operationMetrics.js';
import { unavailableDependency } from './publicErrors.js';
import { instrumentedOperations } from './instrumentedOperations.js';
import { maskErrors, parseLimited, syntaxError, validateLimited, withCode } from './operations.js';
import { requestOrigin } from './requestOrigin.js';
import type { StreamRequest } from './streamRequest.js';
import { readStreamRequest } from './streamRequest.js';
import { errorHead } from './errorHead.js';

/** Proxies close idle connections. */
const KEEP_ALIVE_MS = 12_000;
/** How long a client that does not read may take to read the last event. */
const LINGER_MS = 5_000;

export interface EventStreams {
  readonly handler: RequestHandler;
  /** Ends every stream without `complete`, so that clients reconnect, here or to another machine, and resume. */
  close(): void;
}

export function serveEventStreams(schema: GraphQLSchema, services: Services, log: Log): EventStreams {
  const closing = new AbortController();

  async function answer(request: Request, response: Response): Promise<void> {
    const operation = readStreamRequest(request);
    const identity = await services.access.authenticate(request.headers.authorization);
    await services.rateLimiter.consume(identity.tenantId);
    const context = createContext(services, identity, requestOrigin(request, services.config));
    const session = services.access.sessions.open(identity);
    try {
      await stream(response, session, await resultsOf(schema, operation, context));
    } finally {
      session.close();
    }
  }

  async function stream(response: Response, session: Session, results: AsyncIterable<ExecutionResult>): Promise<void> {
    const left = new AbortController();
    response.once('close', () => left.abort());
    if (response.destroyed) left.abort();
    const end = AbortSignal.any([left.signal, session.signal, closing.signal]);
    response.set({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
    });
    response.write(':\n\n');
    const keepAlive = setInterval(() => response.write(':\n\n'), KEEP_ALIVE_MS).unref();
    try {
      for await (const { data, errors } of until(end, results)) {
        const result = errors === undefined ? { data } : { data: data ?? null, errors: maskErrors(errors, log) };
        if (!response.write(event('next', result)))
          await once(response, 'drain', { signal: end }).catch(() => undefined);
      }
      finish(response, session);
    } catch (error) {
      // Without `complete`, the client reconnects and resumes after the last event that it saw.
      log[unavailableDependency(error) === undefined ? 'error' : 'warn']({ err: error }, 'an event stream failed');
      response.destroy();
    } finally {
      clearInterval(keepAlive);
    }
  }

  function finish(response: Response, { signal }: Session): void {
    if (signal.aborted) {
      const { message, extensions } = signal.reason as ServiceError;
      response.write(event('next', { errors: [{ message, extensions }] }));
    }
    if (signal.aborted || !closing.signal.aborted) response.write(event('complete'));
    response.end();
    setTimeout(() => response.writableFinished || response.destroy(), LINGER_MS).unref();
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

async function resultsOf(
  schema: GraphQLSchema,
  { query, operationName, variables, mayChange }: StreamRequest,
  contextValue: Context,
): Promise<AsyncIterable<ExecutionResult>> {
  const unreadable = syntaxError(query);
  if (unreadable !== undefined) return refused([unreadable]);
  const document = parseLimited(query);
  const wrong = validateLimited(schema, document);
  if (wrong.length > 0) return refused(wrong.map((each) => withCode(each, 'GRAPHQL_VALIDATION_FAILED')));
  const operation = getOperationAST(document, operationName)?.operation;
  if (operation === OperationTypeNode.MUTATION && !mayChange) {
    throw new GraphQLError('A mutation needs POST.', { extensions: { code: 'BAD_REQUEST', http: { status: 405 } } });
  }
  const args = {
    schema,
    document,
    variableValues: variables ?? {},
    operationName: operationName ?? null,
    contextValue,
  };
  const { execute, subscribe } = instrumentedOperations(() => currentLogContext());
  const result = await (operation === OperationTypeNode.SUBSCRIPTION ? subscribe(args) : execute(args));
  return Symbol.asyncIterator in result ? result : single(result);
}

function refused(errors: readonly GraphQLError[]): AsyncIterable<ExecutionResult> {
  countOperation(undefined, errors);
  return single({ errors });
}

async function* single(result: ExecutionResult): AsyncGenerator<ExecutionResult> {
  yield result;
}

/** Yields results until the signal aborts. It does not wait for the next result then. */
async function* until<T>(signal: AbortSignal, source: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = source[Symbol.asyncIterator]();
  const ended = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), ended]);
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  } finally {
    // An iterator that waits for an event returns when this wakes it.
    iterator.return?.().catch(() => undefined);
  }
}

function event(name: 'next' | 'complete', data?: object): string {
  return `event: ${name}\ndata: ${data === undefined ? '' : JSON.stringify(data)}\n\n`;
}

function sendError(response: Response, error: ServiceError | GraphQLError): void {
  const { http = undefined, ...extensions } = error.extensions as { http?: { status: number } };
  const { status, headers } =
    error instanceof ServiceError && http === undefined
      ? errorHead(error)
      : { status: http?.status ?? 400, headers: {} };
  response
    .status(status)
    .set({ ...headers, 'cache-control': 'no-store' })
    .json({ errors: [{ message: error.message, extensions }] });
}
