/** Reads the request for an event stream: POST with a JSON body, or GET with the same fields as query parameters. */
import type { Request } from 'express';
import { GraphQLError } from 'graphql';

export interface StreamRequest {
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables: Record<string, unknown> | undefined;
  /** A GET request must not have side effects. */
  readonly mayChange: boolean;
}

/** Throws `GraphQLError` with the matching HTTP status. */
export function readStreamRequest(request: Request): StreamRequest {
  const { method } = request;
  if (method !== 'GET' && method !== 'POST') {
    throw requestError(405, `${method} is not supported: each operation has its own stream, requested by POST or GET.`);
  }
  if (request.accepts('text/event-stream') === false) {
    throw requestError(406, 'This path answers with text/event-stream, which the accept header does not allow.');
  }
  const given = (method === 'GET' ? request.query : ((request.body as unknown) ?? {})) as Record<string, unknown>;
  const { query, operationName = null, variables = null } = given;
  if (typeof query !== 'string' || query === '')
    throw requestError(400, 'query: the text of the operation is required');
  if (operationName !== null && typeof operationName !== 'string')
    throw requestError(400, 'operationName: must be a string');
  const values: unknown = typeof variables === 'string' ? parsed(variables) : variables;
  if (typeof values !== 'object' || Array.isArray(values)) throw requestError(400, 'variables: must be a JSON object');
  return {
    query,
    operationName: operationName ?? undefined,
    variables: (values as Record<string, unknown> | null) ?? undefined,
    mayChange: method === 'POST',
  };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function requestError(status: number, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_REQUEST', http: { status } } });
}
