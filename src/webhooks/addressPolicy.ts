/**
 * Decides which addresses a webhook may reach: those of the public internet, and the networks that the operator allows. A tenant must
 * not be able to reach internal systems through the service (server-side request forgery), so an address that is not certainly public
 * is refused.
 */
import ipaddr from 'ipaddr.js';

/** The part of IPv6 that is assigned for public use. Embedded, translated and local addresses lie outside, or in a named range. */
const PUBLIC_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * The reason to refuse the address; undefined if it may be reached.
 * @param allowed CIDRs
 */
export function forbiddenRange(address: string, allowed: readonly string[]): string | undefined {
  if (!ipaddr.isValid(address)) return 'no address';
  // An IPv4-mapped IPv6 address (::ffff:a.b.c.d) is treated as the IPv4 address.
  const parsed = ipaddr.process(address);
  if (allowed.some((network) => contains(network, parsed))) return undefined;
  const range = parsed.range();
  if (address === AZURE_HOST) return 'of the machine that hosts us';
  if (range !== 'unicast') return NAMES[range] ?? range;
  if (parsed instanceof ipaddr.IPv6 && !parsed.match(PUBLIC_IPV6)) return 'not public';
  return undefined;
}

/** The host of an Azure virtual machine, although it is outside every reserved range. */
const AZURE_HOST = '168.63.129.16';

const NAMES: Partial<Record<string, string>> = {
  loopback: 'loopback',
  private: 'private',
  uniqueLocal: 'private',
  linkLocal: 'link-local',
  deprecatedSiteLocal: 'site-local',
  carrierGradeNat: 'carrier-grade NAT',
  unspecified: 'unspecified',
  rfc6052: 'NAT64',
  rfc6145: 'translated IPv4',
};

function contains(network: string, address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  const [base, bits] = ipaddr.parseCIDR(network);
  return base.kind() === address.kind() && address.match(base, bits);
}
