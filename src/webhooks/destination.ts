/** The destination of a webhook: which URLs are valid, and which addresses behind them may be connected to. */
import { lookup } from 'node:dns/promises';
import ipaddr from 'ipaddr.js';
import { forbiddenRange } from './addressPolicy.js';

export interface DestinationPolicy {
  readonly allowHttp: boolean;
  readonly allowNetworks: readonly string[];
}

export interface Address {
  readonly address: string;
  readonly family: number;
}

/** Returns every address of a host. */
export type ResolveHost = (host: string) => Promise<readonly Address[]>;

export const resolveHostByDns: ResolveHost = (host) => lookup(host, { all: true, verbatim: true });

const MAX_URL_LENGTH = 2000;

/** The service does not post to this URL, or to the host behind it. */
export class DestinationRefusedError extends Error {
  override readonly name = 'DestinationRefusedError';
}

export function parseDestination(text: string, { allowHttp }: DestinationPolicy): URL {
  if (text.length > MAX_URL_LENGTH)
    throw new DestinationRefusedError(`has ${String(text.length)} characters, more than ${String(MAX_URL_LENGTH)}`);
  if (!URL.canParse(text)) throw new DestinationRefusedError('is not a URL');
  const url = new URL(text);
  if (url.protocol !== 'https:' && !(allowHttp && url.protocol === 'http:'))
    throw new DestinationRefusedError(`must start with https://${allowHttp ? ' or http://' : ''}`);
  if (url.username !== '' || url.password !== '')
    throw new DestinationRefusedError('must not contain credentials; the signature authenticates the sender');
  return url;
}

/**
 * Returns the addresses to connect to, all of them checked. The caller must connect to one of them without resolving the name again,
 * because it may resolve differently the next time. The error names only the kind of address, so that tenants cannot explore internal
 * names.
 */
export async function resolveDestination(
  url: URL,
  rules: DestinationPolicy,
  resolve: ResolveHost,
): Promise<readonly Address[]> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const addresses = ipaddr.isValid(host)
    ? [{ address: host, family: ipaddr.parse(host).kind() === 'ipv6' ? 6 : 4 }]
    : await resolve(host).catch((error: unknown) => {
        throw new DestinationRefusedError(`host ${host} cannot be resolved (${codeOf(error)})`, { cause: error });
      });
  if (addresses.length === 0) throw new DestinationRefusedError(`host ${host} has no address`);
  for (const { address } of addresses) {
    const refusal = forbiddenRange(address, rules.allowNetworks);
    if (refusal !== undefined)
      throw new DestinationRefusedError(`host ${host} is at an address that may not be reached: ${refusal}`);
  }
  return addresses;
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown reason';
}
