/** One graphql-transport-ws connection, message by message, for what a well-behaved client library would not do. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Json, Server } from './server.js';
import { TEST_KEY } from './server.js';

export interface Speaker {
  send(message: object): void;
  /** The next message from the server. Rejects when the connection is closed instead. */
  next(): Promise<Json>;
  close(): void;
}

/** Acknowledged by the server when it resolves. */
export async function speak(server: Server, key = TEST_KEY): Promise<Speaker> {
  const socket = new WebSocket(server.url.replace(/^http/, 'ws'), 'graphql-transport-ws');
  const heard: Json[] = [];
  const waiting: { resolve: (message: Json) => void; reject: (error: Error) => void }[] = [];
  socket.on('message', (data: Buffer) => {
    const message: Json = JSON.parse(data.toString());
    if (message.type === 'complete') return;
    const first = waiting.shift();
    if (first === undefined) heard.push(message);
    else first.resolve(message);
  });
  socket.on('close', (code, reason) => {
    for (const { reject } of waiting) reject(new Error(`closed: ${String(code)} ${reason.toString()}`));
  });
  const speaker: Speaker = {
    send: (message) => socket.send(JSON.stringify(message)),
    next: () =>
      heard.length > 0
        ? Promise.resolve(heard.shift())
        : new Promise((resolve, reject) => waiting.push({ resolve, reject })),
    close: () => socket.close(),
  };
  await once(socket, 'open');
  speaker.send({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } });
  await speaker.next();
  return speaker;
}
