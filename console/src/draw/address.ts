import type { Entries } from '../shared/useKeptInAddress.ts';
import type { Choices } from './choices.ts';

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

export function entriesOf(given: Partial<Choices>): Entries {
  const { partNumber, defectCode, model, strength, count, seed, seedLocked = false } = given;
  return { product: partNumber, defect: defectCode, model, strength, count, seed: seedLocked ? seed : undefined };
}
