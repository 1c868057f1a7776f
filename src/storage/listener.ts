/**
 * LISTEN on a connection of its own, which is opened again whenever it breaks. What was notified meanwhile is lost;
 * whoever listens polls as well.
 */
import pg from 'pg';

const FIRST_RETRY_MS = 200;
const SLOWEST_RETRY_MS = 10_000;

type Heard = (payload: string) => void;

export interface Listener {
  /** Resolves when the server has been told, or is known to be away. Returns what stops it. */
  listen(channel: string, heard: Heard): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

export function createListener(url: string, troubled: (error: Error) => void): Listener {
  const channels = new Map<string, Set<Heard>>();
  let client: pg.Client | undefined;
  let opening: Promise<void> | undefined;
  let failures = 0;
  let retry: NodeJS.Timeout | undefined;
  let closed = false;

  async function open(): Promise<void> {
    const next = new pg.Client({ connectionString: url, keepAlive: true, application_name: 'defectdiffu listener' });
    const lost = (error: Error): void => {
      if (client !== next) return;
      client = undefined;
      troubled(error);
      again();
    };
    next.on('error', lost);
    next.on('end', () => lost(new Error('the listening connection ended')));
    next.on('notification', ({ channel, payload }) => channels.get(channel)?.forEach((heard) => heard(payload ?? '')));
    await next.connect();
    client = next;
    for (const channel of channels.keys()) await tell(next, channel);
    failures = 0;
  }

  function again(): void {
    if (closed) return;
    clearTimeout(retry);
    retry = setTimeout(() => void ready(), Math.min(SLOWEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures)).unref();
  }

  /** Never rejects: without it, everything still goes on by polling. */
  function ready(): Promise<void> {
    if (client !== undefined) return Promise.resolve();
    opening ??= open()
      .catch((error: unknown) => {
        failures += 1;
        client = undefined;
        troubled(error as Error);
        again();
      })
      .finally(() => (opening = undefined));
    return opening;
  }

  return {
    async listen(channel, heard) {
      const set = channels.get(channel) ?? new Set();
      const isNew = set.size === 0;
      channels.set(channel, set.add(heard));
      const connected = client;
      if (connected === undefined) await ready();
      else if (isNew) await tell(connected, channel).catch(troubled);
      return () => {
        set.delete(heard);
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

async function tell(client: pg.Client, channel: string): Promise<void> {
  await client.query(`listen ${client.escapeIdentifier(channel)}`);
}
