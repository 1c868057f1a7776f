/** Where a webhook points to: what its URL may be, and the addresses behind it that may be connected to. */
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

/** Every address of a host. */
export type ResolveHost = (host: string) => Promise<readonly Address[]>;

export const resolveHostByDns: ResolveHost = (host) => lookup(host, { all: true, verbatim: true });

const MAX_URL_LENGTH = 2000;

/** The URL, or the host behind it, is not one that is posted to. */
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
    throw new DestinationRefusedError('must not carry credentials; the signature is what proves the sender');
  return url;
}

/**
 * The addresses to connect to, every one of them checked. The caller must connect to one of these and not resolve again: a
 * name may lead elsewhere the next moment. The message names the kind of address only, for tenants may not explore our names.
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
