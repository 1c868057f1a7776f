/** The photographs that a request names by `id` or `ids`, each of them checked. */
import { badInput } from '../../errors.js';
import type { Optional } from '../../range.js';
import { requireLength } from '../../range.js';
import type { ReferenceRow } from '../../storage/tables.js';
import type { InputImages } from './inputImages.js';

const MAX_IDS = 1_000;

interface Named {
  readonly id?: Optional<string>;
  readonly ids?: Optional<readonly string[]>;
}

/** @param check throws if a photograph cannot be used; it gets the path of the id for the message */
export function namedPhotographs(
  images: InputImages,
  { id, ids }: Named,
  field: string,
  check: (row: ReferenceRow, field: string) => void,
): readonly ReferenceRow[] {
  const one = (named: string, here: string): ReferenceRow => {
    const row = images.reference(named, here);
    check(row, here);
    if (row.archivedAt !== null) throw badInput(here, 'is archived; upload the image again to restore it');
    return row;
  };
  if (id != null) return [one(id, `${field}.id`)];
  requireLength(ids ?? [], { min: 1, max: MAX_IDS }, `${field}.ids`, 'ids');
  return (ids ?? []).map((each, i) => one(each, `${field}.ids[${String(i)}]`));
}
