/** Bounds the failed sign-ins of one address. The count is per process. */
import type { IncomingMessage } from 'node:http';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { ServiceError } from '../errors.js';

const MINUTE_S = 60;
/** Failures a minute: from one address, and through one connection's peer, which can be a proxy for many of them. */
const PER_CLIENT = 10;
const PER_PEER = 200;

/** @returns what `signIn` returns. Throws RATE_LIMITED without calling it where too many failed before. */
export function limitSignIns(): <T>(request: IncomingMessage, signIn: () => Promise<T>) => Promise<T> {
  const clients = new RateLimiterMemory({ points: PER_CLIENT, duration: MINUTE_S });
  const peers = new RateLimiterMemory({ points: PER_PEER, duration: MINUTE_S });

  return async (request, signIn) => {
    const peer = request.socket.remoteAddress ?? '';
    const client = `${peer} ${lastForwarded(request)}`;
    // Counted before the key is checked, so that attempts at the same time do not all pass. The peer first: addresses
    // that a client makes up take no memory once it is refused.
    await consume(peers, peer);
    await consume(clients, client).catch(async (refused: unknown) => {
      // One client's attempts must not use up those of all that come through the same proxy.
      await peers.reward(peer);
      throw refused;
    });
    const result = await signIn();
    await Promise.all([clients.reward(client), peers.reward(peer)]);
    return result;
  };
}

async function consume(limiter: RateLimiterMemory, name: string): Promise<void> {
  try {
    await limiter.consume(name);
  } catch (refused) {
    if (!(refused instanceof RateLimiterRes)) throw refused;
    throw new ServiceError(
      'RATE_LIMITED',
      `More than ${String(limiter.points)} sign-ins failed within a minute; try again later`,
      { limit: limiter.points, retryAfterMs: refused.msBeforeNext },
    );
  }
}

/** The address that the nearest proxy saw. The ones before it are what the client claims. */
function lastForwarded({ headers }: IncomingMessage): string {
  return /[^,]*$/.exec(String(headers['x-forwarded-for'] ?? ''))?.[0].trim() ?? '';
}
