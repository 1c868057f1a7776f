/** A tenant's region masks: where on a photograph a defect is or may be drawn. Identical masks are stored once. */
import { eq, inArray } from '../storage/drizzle.js';
import { ServiceError, quote } from '../errors.js';
import { isId, newId } from '../storage/identifiers.js';
import type { ArtifactRow, RegionMaskRow } from '../storage/tables.js';
import { regionMasks } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { findOrInsert } from './findOrInsert.js';

export type NewMask = Pick<
  RegionMaskRow,
  'hash' | 'width' | 'height' | 'areaFraction' | 'borderFraction' | 'extentWidth' | 'extentHeight'
>;

export interface Masks {
  byId(id: string): Promise<RegionMaskRow | undefined>;
  byIds(ids: readonly string[]): Promise<readonly RegionMaskRow[]>;
  /** Throws NOT_FOUND, also for the mask of another tenant. `field` is the field that the message names. */
  require(id: string, field?: string): Promise<RegionMaskRow>;
  withHash(hash: string): Promise<RegionMaskRow | undefined>;
  /** Returns the mask with these pixels, or creates one with this file. */
  findOrCreate(mask: NewMask, file: Omit<ArtifactRow, 'tenantId'> | undefined): Promise<RegionMaskRow>;
}

export function masksOf(scope: TenantScope): Masks {
  const { database, rows, own } = scope;
  const select = () => database.select().from(regionMasks);

  async function byIds(ids: readonly string[]): Promise<readonly RegionMaskRow[]> {
    const valid = ids.filter(isId);
    return valid.length === 0 ? [] : select().where(rows(regionMasks, inArray(regionMasks.id, valid)));
  }

  const withHash = async (hash: string): Promise<RegionMaskRow | undefined> =>
    (await select().where(rows(regionMasks, eq(regionMasks.hash, hash)))).at(0);

  return {
    byIds,
    withHash,
    byId: async (id) => (await byIds([id])).at(0),
    async require(id, field = 'id') {
      const [row] = await byIds([id]);
      if (row !== undefined) return row;
      throw new ServiceError('NOT_FOUND', `${field}: there is no region mask ${quote(id)}`, { field });
    },
    findOrCreate: (mask, file) =>
      findOrInsert(scope, file, {
        // A row of an older version gets what it lacks.
        find: async () => {
          const same = rows(regionMasks, eq(regionMasks.hash, mask.hash));
          return (
            await database.update(regionMasks).set({ borderFraction: mask.borderFraction }).where(same).returning()
          ).at(0);
        },
        insert: async (artifactKey, createdAt) => {
          const row = own({ ...mask, id: newId(), artifactKey, createdAt });
          return (await database.insert(regionMasks).values(row).onConflictDoNothing().returning()).at(0);
        },
      }),
  };
}
