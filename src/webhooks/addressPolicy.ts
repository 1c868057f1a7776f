/**
 * Which addresses a webhook may reach: those of the public internet, and the operator's networks. A tenant must not turn the
 * service into its hand inside our walls (server-side request forgery), so what is not surely public is refused.
 */
import ipaddr from 'ipaddr.js';

/** All that is handed out of IPv6 for public use; what is embedded, translated or local lies outside or has a range's name. */
const PUBLIC_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');

/** Why the address is refused, or undefined when it may be reached. `allowed` are CIDRs. */
export function forbiddenRange(address: string, allowed: readonly string[]): string | undefined {
  if (!ipaddr.isValid(address)) return 'no address';
  // An IPv4 address in IPv6 clothes (::ffff:a.b.c.d) is the IPv4 address.
  const parsed = ipaddr.process(address);
  if (allowed.some((network) => contains(network, parsed))) return undefined;
  const range = parsed.range();
  if (address === AZURE_HOST) return 'of the machine that hosts us';
  if (range !== 'unicast') return NAMES[range] ?? range;
  if (parsed instanceof ipaddr.IPv6 && !parsed.match(PUBLIC_IPV6)) return 'not public';
  return undefined;
}

/** Outside every reserved range, and yet the machine under the virtual one. */
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
