import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import type { Choices } from './choices.ts';

/** Browsers refuse to write an address at every step of a slider. */
const WRITE_AFTER_MS = 300;

/** What the address says: ?product=…&defect=…&model=…&strength=…&count=…&seed=… */
export function fromAddress(): Partial<Choices> {
  const query = new URLSearchParams(window.location.search);
  const text = (name: string) => query.get(name) ?? undefined;
  const number = (name: string) => {
    const value = Number.parseFloat(query.get(name) ?? '');
    return Number.isFinite(value) ? value : undefined;
  };
  const seed = number('seed');
  const entries = {
    partNumber: text('product'),
    defectCode: text('defect'),
    model: text('model'),
    strength: number('strength'),
    count: number('count'),
    seed,
    seedLocked: seed === undefined ? undefined : true,
  };
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
}

/** Keeps what was chosen in the address, so that it can be reloaded, and handed on. */
export function useKeptInAddress(given: Partial<Choices>, { pause }: { pause: boolean }): void {
  const [path] = useState(window.location.pathname);
  const write = useDebouncedCallback((query: string) => {
    // While the next page loads, this one is still there.
    if (window.location.pathname !== path) return;
    window.history.replaceState(window.history.state, '', query === '' ? path : `${path}?${query}`);
  }, WRITE_AFTER_MS);
  const query = queryOf(given);
  useEffect(() => {
    if (!pause) write(query);
  }, [pause, query, write]);
}

function queryOf({ partNumber, defectCode, model, strength, count, seed, seedLocked = false }: Partial<Choices>) {
  const entries = {
    product: partNumber,
    defect: defectCode,
    model,
    strength,
    count,
    seed: seedLocked ? seed : undefined,
  };
  const chosen = Object.entries(entries).filter(([, value]) => value !== undefined);
  return new URLSearchParams(chosen.map(([name, value]) => [name, String(value)])).toString();
}
