/** Sets a tenant's own limits and lists all limits with their sources. */
import type { TenantLimits } from '../config.js';
import { TENANT_LIMIT_SETTINGS } from '../config/limits.js';
import { mergeLimits, ownLimits, setOwnLimits } from '../tenants/quotas.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { LIMITS, OPTION_OF } from './quotaOptions.js';

/** One line per limit, in columns. */
export async function applyQuota(
  scope: TenantScope,
  changes: Partial<TenantLimits>,
  configured: TenantLimits,
): Promise<readonly (readonly string[])[]> {
  if (Object.keys(changes).length > 0) await setOwnLimits(scope, changes);
  const own = await ownLimits(scope);
  const held = mergeLimits(own, configured);
  return LIMITS.map((limit) => {
    const isOwn = own?.[limit] != null;
    const from = isOwn ? 'its own' : TENANT_LIMIT_SETTINGS[limit].variable;
    return [OPTION_OF[limit], held[limit] === null ? 'no bound' : String(held[limit]), from];
  });
}
