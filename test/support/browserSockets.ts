/** The WebSockets of a page, which a test can hold back or break. They must be routed before the page is loaded. */
import type { Page, WebSocketRoute } from 'playwright-core';

/** Holds back all that the service sends after the first message with this text. @returns what lets it through */
export async function holdAfter(page: Page, text: string): Promise<() => void> {
  const held: (() => void)[] = [];
  let phase: 'before' | 'holding' | 'released' = 'before';
  await page.routeWebSocket(/graphql/, (socket) => {
    socket.connectToServer().onMessage((message) => {
      if (phase === 'holding') return void held.push(() => socket.send(message));
      if (phase === 'before' && String(message).includes(text)) phase = 'holding';
      socket.send(message);
    });
  });
  return () => {
    phase = 'released';
    for (const send of held.splice(0)) send();
  };
}

export interface Breakable {
  /** What the page has sent. */
  readonly sent: readonly string[];
  /** Closes all connections, and refuses others until they are mended. */
  cut(): Promise<void>;
  mend(): void;
}

export async function breakable(page: Page): Promise<Breakable> {
  let broken = false;
  const sockets: WebSocketRoute[] = [];
  const sent: string[] = [];
  await page.routeWebSocket(/graphql/, (socket) => {
    if (broken) return void socket.close();
    const service = socket.connectToServer();
    socket.onMessage((message) => {
      sent.push(String(message));
      service.send(message);
    });
    sockets.push(socket);
  });
  return {
    sent,
    async cut() {
      broken = true;
      for (const socket of sockets.splice(0)) await socket.close();
    },
    mend() {
      broken = false;
    },
  };
}
