/**
 * One WebSocket, between the library `ws` and the protocol of `graphql-ws`. It replaces the adapter of `graphql-ws`,
 * which answers without end who does not read, and writes stacks to standard error.
 *
 * - Before the connection is acknowledged, a client may send UNKNOWN_BYTES in total, and nothing is kept of them.
 * - While the answers that a client has not read take more than UNREAD_BYTES, nothing more is read from it. A client
 *   that does not read at all does not answer pings either, and is closed.
 */
import type { Server as Protocol } from 'graphql-ws';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { Log } from '../log.js';
import { requireShallow } from './jsonDepth.js';

/** A token can have 8 KiB. */
const UNKNOWN_BYTES = 16 * 1024;
const UNREAD_BYTES = 64 * 1024;
const KEEP_ALIVE_MS = 12_000;

const BAD_REQUEST = 4400;
const TOO_BIG = 1009;
const INTERNAL_ERROR = 1011;

export interface SocketExtra {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  /** The client is known: it may send messages of the usual size. */
  readonly acknowledge: () => void;
  /** Resolves when the client has read enough of its answers, or is gone. */
  readonly writable: () => Promise<void>;
  /** Resolves when the message is written, or the socket is closed. */
  readonly send: (message: string) => Promise<void>;
}

/** @param stream carries the socket */
export function openGraphqlSocket(
  protocol: Protocol<SocketExtra>,
  socket: WebSocket,
  stream: Duplex,
  request: IncomingMessage,
  log: Log,
): void {
  const bound = boundUnknown(socket, stream);
  const unread = (): boolean => socket.bufferedAmount > UNREAD_BYTES;
  const writable = (): Promise<void> =>
    unread() && socket.readyState === WebSocket.OPEN
      ? new Promise((resolve) => {
          for (const event of ['drain', 'close']) stream.once(event, () => resolve());
        })
      : Promise.resolve();

  const send = (message: string): Promise<void> =>
    new Promise((resolve) => {
      if (socket.readyState !== WebSocket.OPEN) return resolve();
      // An error closes the socket, which ends every operation.
      socket.send(message, () => resolve());
    });

  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send,
      close: (code, reason) => socket.close(code, reason),
      onMessage: (handle) =>
        socket.on('message', (data: Buffer) => {
          if (unread()) pauseUntil(writable(), socket);
          receive(data).catch((error: unknown) => {
            log.error({ err: error }, 'a message could not be handled');
            socket.close(INTERNAL_ERROR, 'Something went wrong in the service.');
          });
          async function receive(message: Buffer): Promise<void> {
            try {
              requireShallow(message);
            } catch {
              return socket.close(BAD_REQUEST, 'Invalid message received');
            }
            await handle(message.toString()).catch((error: unknown) => {
              // A message that only a server sends.
              if (!/^Unexpected message/.test((error as Error).message)) throw error;
              socket.close(BAD_REQUEST, 'Invalid message received');
            });
          }
        }),
    },
    { socket, request, acknowledge: bound.end, writable, send },
  );
  const keepAlive = pingRegularly(socket);
  socket.on('error', (error) => log.debug({ err: error }, 'a connection broke'));
  socket.once('close', (code, reason) => {
    bound.end();
    clearInterval(keepAlive);
    closed(code, reason.toString()).catch((error: unknown) =>
      log.error({ err: error }, 'a connection could not be ended'),
    );
  });
}

function pauseUntil(writable: Promise<void>, socket: WebSocket): void {
  if (socket.isPaused) return;
  socket.pause();
  void writable.then(() => socket.resume());
}

function boundUnknown(socket: WebSocket, stream: Duplex): { end(): void } {
  let bytes = 0;
  const count = (chunk: Buffer): void => {
    bytes += chunk.length;
    if (bytes <= UNKNOWN_BYTES) return;
    end();
    socket.close(TOO_BIG, `At most ${String(UNKNOWN_BYTES)} bytes before the connection is acknowledged`);
    socket.pause();
  };
  const end = (): void => void stream.off('data', count);
  stream.on('data', count);
  return { end };
}

function pingRegularly(socket: WebSocket): NodeJS.Timeout {
  let answered = true;
  socket.on('pong', () => (answered = true));
  return setInterval(() => {
    if (!answered) return socket.terminate();
    answered = false;
    if (socket.readyState === WebSocket.OPEN) socket.ping();
  }, KEEP_ALIVE_MS).unref();
}
