/** How many rows of each bundle a device evaluates at a time: as measured at its start, and fixed for bundles that were opened later. */
import type { Bundle } from './bundle/manifest.js';
import type { Capacity } from './capacity.js';
import { ROWS_PER_SAMPLE, capBudget, fixedCapacities, halveBudgets, ownCapacity } from './capacity.js';

export interface DeviceCapacities {
  /** Those that the next worker is told: reduced to what fits into memory. */
  all(): readonly Capacity[];
  /** Of the bundles that were there at the start. Those of tenants are nobody else's business. */
  listed(): readonly Capacity[];
  rows(bundle: string): number;
  /** The worker measures what was there at its start. */
  onReady(measured: readonly Capacity[]): void;
  reduce(bundle: string, rows: number): void;
  /** Memory ran out, and nobody knows in what. */
  halve(): void;
  open(bundle: Bundle): void;
  close(id: string): void;
}

/** @param maximumRows null to measure the best number */
export function createDeviceCapacities(bundles: readonly Bundle[], maximumRows: number | null): DeviceCapacities {
  let capacities = maximumRows === null ? [] : fixedCapacities(maximumRows, bundles);
  const isListed = ({ bundle }: Capacity): boolean => bundles.some(({ id }) => id === bundle);
  return {
    all: () => capacities,
    listed: () => capacities.filter(isListed),
    rows: (bundle) => capacities.find((capacity) => capacity.bundle === bundle)?.rows ?? 1,
    onReady(measured) {
      capacities = [...measured, ...capacities.filter((capacity) => !isListed(capacity))];
    },
    reduce(bundle, rows) {
      capacities = capacities.map((one) => (one.bundle === bundle ? { ...one, ...capBudget(one, rows) } : one));
    },
    halve() {
      // A worker that had not reported a capacity may have died while it measured: then one sample at a time, without measuring.
      capacities = capacities.length > 0 ? halveBudgets(capacities) : fixedCapacities(ROWS_PER_SAMPLE, bundles);
    },
    open({ id, adapter }) {
      if (adapter !== undefined || capacities.some(({ bundle }) => bundle === id)) return;
      capacities = [...capacities, ownCapacity(id, maximumRows)];
    },
    close(id) {
      capacities = capacities.filter((capacity) => isListed(capacity) || capacity.bundle !== id);
    },
  };
}
