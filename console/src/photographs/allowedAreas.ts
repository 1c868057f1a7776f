/** The allowed area of each product, as the id of an uploaded mask. Kept in the browser: the API takes it per request. */
import { useSyncExternalStore } from 'react';
import { useSession } from '../app/session.ts';

const CHANGED = 'allowed-area-changed';

const keyOf = (tenant: string, partNumber: string) => `defectdiffu-allowed-area ${tenant} ${partNumber}`;

export function useAllowedArea(partNumber: string | undefined): { readonly maskId: string } | undefined {
  const { session } = useSession();
  const maskId = useSyncExternalStore(
    (onChange) => {
      window.addEventListener(CHANGED, onChange);
      return () => window.removeEventListener(CHANGED, onChange);
    },
    () => (partNumber === undefined ? null : localStorage.getItem(keyOf(session.tenant, partNumber))),
  );
  return maskId === null ? undefined : { maskId };
}

export function keepAllowedArea(tenant: string, partNumber: string, maskId: string | undefined): void {
  if (maskId === undefined) localStorage.removeItem(keyOf(tenant, partNumber));
  else localStorage.setItem(keyOf(tenant, partNumber), maskId);
  window.dispatchEvent(new Event(CHANGED));
}
