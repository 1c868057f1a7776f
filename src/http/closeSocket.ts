/** Closes a WebSocket with the code and the text of an error. */
import type { WebSocket } from 'ws';
import type { ServiceError } from '../errors.js';

/** Clients of graphql-transport-ws do not reconnect after UNAUTHORIZED. */
const UNAUTHORIZED = 4401;
const FORBIDDEN = 4403;
const TRY_AGAIN_LATER = 1013;

export function closeBecause({ code, message }: ServiceError, socket: WebSocket): void {
  const closeCode =
    code.endsWith('_UNAVAILABLE') || code === 'TOO_MANY_SESSIONS'
      ? TRY_AGAIN_LATER
      : code === 'UNAUTHENTICATED'
        ? UNAUTHORIZED
        : FORBIDDEN;
  socket.close(closeCode, reason(`${code}: ${message}`));
}

/** The protocol has room for 123 bytes. */
function reason(text: string): string {
  return Buffer.from(text)
    .subarray(0, 120)
    .toString('utf8')
    .replace(/\ufffd$/, '');
}
