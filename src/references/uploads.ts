/**
 * A tenant's uploads: each is a permission to send one file, with its outcome. After a refused file, the upload stays
 * open for some more attempts. After an accepted one, it stands for that file permanently.
 */
import { eq, gt, inArray, isNull, lt, sql } from '../storage/drizzle.js';
import { catalogOf } from '../catalog/catalog.js';
import { unknownDefect, unknownProduct } from '../catalog/catalogErrors.js';
import { requireCode } from '../catalog/codes.js';
import type { Limits } from '../config.js';
import { StoreUnavailable } from '../artifacts/store.js';
import type { ErrorCode } from '../errors.js';
import { ServiceError, badInput, quote } from '../errors.js';
import { isId, newId } from '../storage/identifiers.js';
import type { UploadRow } from '../storage/tables.js';
import { uploads } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import { optionalText, requireText } from '../validateText.js';
import { masksOf } from './masks.js';

export interface UploadInput {
  readonly purpose: UploadRow['purpose'];
  readonly partNumber?: string | null;
  readonly name?: string | null;
  /** The defect that a photograph shows, and the mask that marks it: both or neither. */
  readonly defectCode?: string | null;
  readonly maskId?: string | null;
}

/** What the file has become: one of these. */
export type UploadOutcome = Partial<Pick<UploadRow, 'referenceId' | 'maskId' | 'modelId' | 'dataSetId'>>;

export interface Uploads {
  create(input: UploadInput): Promise<UploadRow>;
  byId(id: string): Promise<UploadRow | undefined>;
  /** Throws NOT_FOUND. */
  require(id: string): Promise<UploadRow>;
  /** Runs in a transaction. Like `require`, and locks the row so that no other transaction completes it meanwhile. */
  requireForUpdate(id: string): Promise<UploadRow>;
  /**
   * Counts one attempt of an open upload, also if the process is killed in it, but not where the file is not to blame.
   * Throws UPLOAD_EXHAUSTED, and what `run` throws.
   */
  attempt<T>(id: string, run: () => Promise<T>): Promise<T>;
  complete(id: string, bodyHash: string, outcome: UploadOutcome): Promise<UploadRow>;
}

/** Of the file. */
export function maximumBytes(
  purpose: UploadRow['purpose'],
  limits: Pick<Limits, 'maximumUploadBytes' | 'maximumArchiveBytes' | 'maximumModelBytes'>,
): number {
  if (purpose === 'DATA_SET') return limits.maximumArchiveBytes;
  return purpose === 'MODEL' ? limits.maximumModelBytes : limits.maximumUploadBytes;
}

/** Far more than a person needs who tries one file after the other. */
const MAX_ATTEMPTS = 10;
/** The same file can be accepted later. */
const NOT_FOR_THE_FILE: ReadonlySet<string> = new Set<ErrorCode>([
  'QUOTA_EXCEEDED',
  'RATE_LIMITED',
  'STORE_UNAVAILABLE',
  'TOO_MANY_DATA_SETS',
  'TOO_MANY_MODELS',
]);

export function uploadsOf(scope: TenantScope): Uploads {
  const { database, rows, own, createdBy } = scope;
  const select = (id: string) =>
    database
      .select()
      .from(uploads)
      .where(rows(uploads, inArray(uploads.id, isId(id) ? [id] : [])));

  async function takeAttempt(id: string): Promise<void> {
    const taken = await database
      .update(uploads)
      .set({ attempts: sql`${uploads.attempts} + 1` })
      .where(rows(uploads, eq(uploads.id, id), isNull(uploads.completedAt), lt(uploads.attempts, MAX_ATTEMPTS)))
      .returning({ id: uploads.id });
    if (taken.length > 0 || found((await select(id)).at(0), id).completedAt !== null) return;
    throw new ServiceError(
      'UPLOAD_EXHAUSTED',
      `id: upload ${id} got ${String(MAX_ATTEMPTS)} files, and none was accepted; create a new upload`,
      { field: 'id', limit: MAX_ATTEMPTS },
    );
  }

  async function giveBack(id: string): Promise<void> {
    await database
      .update(uploads)
      .set({ attempts: sql`${uploads.attempts} - 1` })
      .where(rows(uploads, eq(uploads.id, id), gt(uploads.attempts, 0)));
  }

  return {
    async create(input) {
      const subject = await resolveSubject(scope, input);
      const row = { id: newId(), purpose: input.purpose, ...subject, createdAt: new Date(), createdBy };
      return found((await database.insert(uploads).values(own(row)).returning()).at(0), row.id);
    },
    byId: async (id) => (await select(id)).at(0),
    require: async (id) => found((await select(id)).at(0), id),
    requireForUpdate: async (id) => found((await select(id).for('update')).at(0), id),
    async attempt(id, run) {
      await takeAttempt(id);
      try {
        return await run();
      } catch (error) {
        if (error instanceof StoreUnavailable || (error instanceof ServiceError && NOT_FOR_THE_FILE.has(error.code)))
          await giveBack(id).catch(() => undefined);
        throw error;
      }
    },
    async complete(id, bodyHash, outcome) {
      const set = { ...outcome, bodyHash, completedAt: new Date() };
      const updated = await database
        .update(uploads)
        .set(set)
        .where(rows(uploads, eq(uploads.id, id)))
        .returning();
      return found(updated.at(0), id);
    },
  };
}

function found(row: UploadRow | undefined, id: string): UploadRow {
  if (row !== undefined) return row;
  throw new ServiceError('NOT_FOUND', `id: there is no upload ${quote(id)}`, { field: 'id' });
}

type UploadSubject = Pick<UploadRow, 'productId' | 'name' | 'defectId' | 'defectMaskId'>;

/**
 * A photograph shows a product, and perhaps a defect. A mask is a shape and fits any image of its size. A model names itself, an archive
 * is told its name, and of what product it is where its layout does not say.
 */
async function resolveSubject(scope: TenantScope, input: UploadInput): Promise<UploadSubject> {
  const { purpose, partNumber, name, defectCode, maskId } = input;
  if (purpose !== 'REFERENCE') {
    const others = { ...(purpose !== 'DATA_SET' && { partNumber, name }), defectCode, maskId };
    for (const [field, value] of Object.entries(others)) {
      if (value != null)
        throw badInput(`input.${field}`, `is for a REFERENCE; a ${purpose} has none, and got ${quote(value)}`);
    }
    const shown = partNumber == null ? null : await productOf(scope, partNumber);
    return { productId: shown, name: dataSetName(input), defectId: null, defectMaskId: null };
  }
  if (partNumber == null) throw badInput('input.partNumber', 'is required for a REFERENCE: the product that it shows');
  const given = optionalText(name, 'input.name') ?? null;
  const productId = await productOf(scope, partNumber);
  return { productId, name: given, ...(await resolveDefect(scope, input)) };
}

async function productOf(scope: TenantScope, partNumber: string): Promise<string> {
  const part = requireCode(partNumber, 'input.partNumber');
  const catalog = catalogOf(scope);
  const [product] = await catalog.productsByPartNumber([part]);
  if (product === undefined) throw await unknownProduct(catalog, part, 'input.partNumber');
  return product.id;
}

function dataSetName({ purpose, name }: UploadInput): string | null {
  if (purpose !== 'DATA_SET') return null;
  if (name == null) throw badInput('input.name', 'is required for a DATA_SET: the name that it gets');
  return requireText(name.normalize('NFC').trim(), 'input.name');
}

async function resolveDefect(
  scope: TenantScope,
  { defectCode, maskId }: UploadInput,
): Promise<Pick<UploadRow, 'defectId' | 'defectMaskId'>> {
  if (defectCode == null && maskId == null) return { defectId: null, defectMaskId: null };
  if (defectCode == null) throw badInput('input.defectCode', 'is required with maskId: the defect that the mask marks');
  if (maskId == null)
    throw badInput('input.maskId', 'is required with defectCode: upload a MASK that marks the defect first');
  const catalog = catalogOf(scope);
  const code = requireCode(defectCode, 'input.defectCode');
  const [defect] = await catalog.defectsByCode([code]);
  if (defect === undefined) throw await unknownDefect(catalog, code, 'input.defectCode');
  const mask = await masksOf(scope).require(maskId, 'input.maskId');
  return { defectId: defect.id, defectMaskId: mask.id };
}
