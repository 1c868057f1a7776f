/**
 * Reads a request of the GraphQL-over-SSE protocol. An operation is POST with a JSON body, or GET with the same fields as
 * query parameters. Requests with a token belong to a stream that was reserved with PUT.
 */
import type { Request } from 'express';
import { GraphQLError } from 'graphql';

export interface StreamedOperation {
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables: Record<string, unknown> | undefined;
  /** A GET request must not have side effects. */
  readonly mayChange: boolean;
}

export type StreamRequest =
  | { readonly kind: 'RUN'; readonly operation: StreamedOperation }
  | { readonly kind: 'RESERVE' }
  | { readonly kind: 'OPEN'; readonly token: string }
  | {
      readonly kind: 'START';
      readonly token: string;
      readonly operationId: unknown;
      readonly operation: StreamedOperation;
    }
  | { readonly kind: 'STOP'; readonly token: string; readonly operationId: unknown };

const EVENT_STREAM = 'text/event-stream';
const JSON_TYPES = ['application/json', 'application/graphql-response+json'];

/** Whether a request to /graphql is for an event stream: by its token, its method, or the type that it prefers. */
export function isForEventStream(request: Request): boolean {
  const { method } = request;
  if (method === 'PUT' || method === 'DELETE' || streamToken(request) !== undefined) return true;
  return request.accepts([...JSON_TYPES, EVENT_STREAM]) === EVENT_STREAM;
}

/** Throws `GraphQLError` with the matching HTTP status. */
export function readStreamRequest(request: Request): StreamRequest {
  const { method } = request;
  const token = streamToken(request);
  if (method === 'PUT') return { kind: 'RESERVE' };
  if (method === 'DELETE' && token !== undefined)
    return { kind: 'STOP', token, operationId: request.query['operationId'] };
  if (method !== 'GET' && method !== 'POST')
    throw requestError(405, `${method} is not supported: request an operation by POST or GET.`);
  const given = (method === 'GET' ? request.query : ((request.body as unknown) ?? {})) as Record<string, unknown>;
  if (token !== undefined && given['query'] === undefined) return { kind: 'OPEN', token };
  if (token === undefined && request.accepts(EVENT_STREAM) === false)
    throw requestError(406, 'This path answers with text/event-stream, which the accept header does not allow.');
  const operation = readOperation(given, method === 'POST');
  if (token === undefined) return { kind: 'RUN', operation };
  const { operationId } = jsonObject(given['extensions'], 'extensions') ?? {};
  return { kind: 'START', token, operationId, operation };
}

function streamToken({ headers, query }: Request): string | undefined {
  const token = headers['x-graphql-event-stream-token'] ?? query['token'];
  return typeof token === 'string' && token !== '' ? token : undefined;
}

function readOperation(given: Record<string, unknown>, mayChange: boolean): StreamedOperation {
  const { query, operationName = null, variables } = given;
  if (typeof query !== 'string' || query === '')
    throw requestError(400, 'query: the text of the operation is required');
  if (operationName !== null && typeof operationName !== 'string')
    throw requestError(400, 'operationName: must be a string');
  return {
    query,
    operationName: operationName ?? undefined,
    variables: jsonObject(variables, 'variables'),
    mayChange,
  };
}

/** As an object in a JSON body, or as JSON text in a query parameter. */
function jsonObject(value: unknown, field: string): Record<string, unknown> | undefined {
  if (value === undefined || value === null) return undefined;
  const found: unknown = typeof value === 'string' ? parsed(value) : value;
  if (found === null) return undefined;
  if (typeof found !== 'object' || Array.isArray(found)) throw requestError(400, `${field}: must be a JSON object`);
  return found as Record<string, unknown>;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

export function requestError(status: number, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_REQUEST', http: { status } } });
}
