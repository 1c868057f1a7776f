/**
 * LISTEN on a connection of its own, which is reopened when it breaks. Notifications are lost meanwhile, so listeners
 * poll as well.
 */
import pg from 'pg';

const FIRST_RETRY_MS = 200;
const SLOWEST_RETRY_MS = 10_000;

type OnNotification = (payload: string) => void;

export interface Listener {
  /** Resolves when the server listens or is known to be unavailable. Returns a function that stops listening. */
  listen(channel: string, onNotification: OnNotification): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

export function createListener(url: string, onError: (error: Error) => void): Listener {
  const channels = new Map<string, Set<OnNotification>>();
  let client: pg.Client | undefined;
  let opening: Promise<void> | undefined;
  let failures = 0;
  let retry: NodeJS.Timeout | undefined;
  let closed = false;

  async function open(): Promise<void> {
    const next = new pg.Client({ connectionString: url, keepAlive: true, application_name: 'defectdiffu listener' });
    const handleLoss = (error: Error): void => {
      if (client !== next) return;
      client = undefined;
      onError(error);
      reconnectLater();
    };
    next.on('error', handleLoss);
    next.on('end', () => handleLoss(new Error('the listening connection ended')));
    next.on('notification', ({ channel, payload }) =>
      channels.get(channel)?.forEach((onNotification) => onNotification(payload ?? '')),
    );
    await next.connect();
    client = next;
    for (const channel of channels.keys()) await sendListen(next, channel);
    failures = 0;
  }

  function reconnectLater(): void {
    if (closed) return;
    clearTimeout(retry);
    retry = setTimeout(() => void ready(), Math.min(SLOWEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures)).unref();
  }

  /** Never rejects: without the connection, everything continues by polling. */
  function ready(): Promise<void> {
    if (client !== undefined) return Promise.resolve();
    opening ??= open()
      .catch((error: unknown) => {
        failures += 1;
        client = undefined;
        onError(error as Error);
        reconnectLater();
      })
      .finally(() => (opening = undefined));
    return opening;
  }

  return {
    async listen(channel, onNotification) {
      const set = channels.get(channel) ?? new Set();
      const isNew = set.size === 0;
      channels.set(channel, set.add(onNotification));
      const connected = client;
      if (connected === undefined) await ready();
      else if (isNew) await sendListen(connected, channel).catch(onError);
      return () => {
        set.delete(onNotification);
        return Promise.resolve();
      };
    },
    async close() {
      closed = true;
      clearTimeout(retry);
      await opening;
      const last = client;
      client = undefined;
      await last?.end().catch(() => undefined);
    },
  };
}

async function sendListen(client: pg.Client, channel: string): Promise<void> {
  await client.query(`listen ${client.escapeIdentifier(channel)}`);
}
