/** The HTTP status and Retry-After of errors that a client library can handle without reading the body. */
import type { ApolloServerPlugin } from '@apollo/server';
import type { GraphQLFormattedError } from 'graphql';

const STATUS: Readonly<Record<string, number>> = {
  QUERY_TOO_LARGE: 400,
  RATE_LIMITED: 429,
  QUOTA_EXCEEDED: 429,
  TOO_MANY_SESSIONS: 429,
  QUEUE_FULL: 503,
  DEVICE_UNAVAILABLE: 503,
  AUTH_UNAVAILABLE: 503,
  DATABASE_UNAVAILABLE: 503,
  STORE_UNAVAILABLE: 503,
};

interface ErrorStatus {
  readonly status: number;
  /** Whole seconds, as in RFC 9110. */
  readonly retryAfter: string | undefined;
}

export function statusOf({ extensions = {} }: GraphQLFormattedError): ErrorStatus | undefined {
  const status = STATUS[String(extensions['code'])];
  if (status === undefined) return undefined;
  const { retryAfterMs } = extensions;
  return { status, retryAfter: typeof retryAfterMs === 'number' ? String(Math.ceil(retryAfterMs / 1000)) : undefined };
}

/** Sets the status when a response has no data. Beside data, an error concerns one field only. */
export const errorStatusPlugin: ApolloServerPlugin = {
  requestDidStart: () =>
    Promise.resolve({
      willSendResponse({ response }) {
        const result = response.body.kind === 'single' ? response.body.singleResult : undefined;
        const [error] = result?.errors ?? [];
        if (error === undefined || result?.data != null) return Promise.resolve();
        const head = statusOf(error);
        if (head === undefined) return Promise.resolve();
        response.http.status = head.status;
        if (head.retryAfter !== undefined) response.http.headers.set('retry-after', head.retryAfter);
        return Promise.resolve();
      },
    }),
};
