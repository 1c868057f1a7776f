/**
 * Turns what a detector got wrong into generations: transplants of each defect that it missed, onto photographs of good
 * parts, and defects on each good photograph that it took for a defective one. All are accepted, or none.
 */
import { catalogOf } from '../../catalog/catalog.js';
import { canonicalCode } from '../../canonicalCode.js';
import type { ErrorCode } from '../../errors.js';
import { ServiceError, badInput, quote } from '../../errors.js';
import { admittedBefore, inputHash } from '../../queue/idempotentAdmission.js';
import { referencesOf } from '../../references/references.js';
import type { Optional } from '../../range.js';
import type { GenerationRow, ReferenceRow } from '../../storage/tables.js';
import { generations } from '../../storage/tables.js';
import type { TenantScope } from '../../storage/tenantScope.js';
import { optionalText } from '../../validateText.js';
import type { AdmissionContext, GenerationItem } from './admitGenerations.js';
import { admitItems } from './admitGenerations.js';
import type { GenerationInput, StrengthInput, VariationInput } from './generationInput.js';

export interface FalseAlarmInput {
  readonly referenceId: string;
  readonly defectCode: string;
}

export interface MissesInput {
  readonly missed?: Optional<readonly string[]>;
  readonly falseAlarms?: Optional<readonly FalseAlarmInput[]>;
  readonly goodReferences?: Optional<readonly string[]>;
  readonly count?: Optional<number>;
  readonly strength?: Optional<StrengthInput>;
  readonly variation?: Optional<VariationInput>;
  readonly seed?: Optional<number>;
  readonly priority?: Optional<number>;
  readonly idempotencyKey?: Optional<string>;
}

const DEFAULT_COUNT = 20;

/** One item for each miss, before its idempotency key. */
interface Miss {
  readonly field: string;
  readonly input: GenerationInput;
}

/** First the missed defects, then the false alarms. @throws ServiceError that names the field. */
export async function admitForMisses(
  tenant: TenantScope,
  context: AdmissionContext,
  input: MissesInput,
): Promise<readonly GenerationRow[]> {
  const { missed, falseAlarms } = input;
  if ((missed ?? []).length + (falseAlarms ?? []).length === 0)
    throw badInput('input', 'must have at least one of missed and falseAlarms');
  requireDistinct(missed ?? [], 'input.missed');
  const alarms = (falseAlarms ?? []).map(
    ({ referenceId, defectCode }) => `${referenceId} ${canonicalCode(defectCode)}`,
  );
  requireDistinct(alarms, 'input.falseAlarms');
  const key = optionalText(input.idempotencyKey, 'input.idempotencyKey');
  const admitted = [...(missed ?? []), ...(falseAlarms ?? [])].map((_, i) => ({
    key: key === undefined ? null : itemKey(key, i),
    // Of the whole request: the key with a miss more or less is another request.
    hash: inputHash({ misses: input, item: i }),
  }));
  const known = await admittedBefore<GenerationRow>(tenant, generations, admitted);
  if (known !== undefined) return known;
  const misses = [...(await ofMissedDefects(tenant, input)), ...(await ofFalseAlarms(tenant, input))];
  const items = admitted.map(({ key: idempotencyKey, hash }, i): GenerationItem => {
    const { field, input: own } = misses[i] as Miss;
    return { field, input: { ...own, idempotencyKey }, hash };
  });
  return admitItems(tenant, context, items).catch((error: unknown) => {
    throw error instanceof ServiceError ? inFieldsOfMisses(error, key, misses) : error;
  });
}

const itemKey = (key: string, index: number): string => `${key}/${String(index)}`;

/** More like the missed defect, on the chosen good photographs of its product, or on any of them. */
async function ofMissedDefects(tenant: TenantScope, input: MissesInput): Promise<readonly Miss[]> {
  const catalog = catalogOf(tenant);
  const chosen = await chosenPhotographs(tenant, input.goodReferences);
  const misses: Miss[] = [];
  for (const [i, id] of (input.missed ?? []).entries()) {
    const field = `input.missed[${String(i)}]`;
    const donor = await referencesOf(tenant).require(id, field);
    if (donor.defectId === null) throw badInput(field, 'shows a good part; name it in falseAlarms, or upload its mask');
    const [defect] = await catalog.defectsById([donor.defectId]);
    const ids = chosen?.filter(({ productId }) => productId === donor.productId).map((row) => row.id);
    if (ids?.length === 0) throw badInput(field, 'none of goodReferences shows its product');
    const request = { defectReference: { id }, reference: ids === undefined ? { anyOfProduct: true } : { ids } };
    misses.push({
      field,
      input: { ...common(input), ...request, ...(await partOf(tenant, donor)), defectCode: defect?.code ?? '' },
    });
    chosen?.filter((row) => row.productId === donor.productId).forEach((row) => (row.isUsed = true));
  }
  const unused = chosen?.findIndex(({ isUsed }) => !isUsed) ?? -1;
  if (unused >= 0)
    throw badInput(`input.goodReferences[${String(unused)}]`, 'shows a product of which no defect was missed');
  return misses;
}

interface ChosenPhotograph {
  readonly id: string;
  readonly productId: string;
  isUsed: boolean;
}

async function chosenPhotographs(
  tenant: TenantScope,
  ids: MissesInput['goodReferences'],
): Promise<ChosenPhotograph[] | undefined> {
  if (ids == null) return undefined;
  if (ids.length === 0) throw badInput('input.goodReferences', 'is empty; leave it out for all good photographs');
  requireDistinct(ids, 'input.goodReferences');
  const chosen: ChosenPhotograph[] = [];
  for (const [i, id] of ids.entries()) {
    const field = `input.goodReferences[${String(i)}]`;
    const { productId, defectId, archivedAt } = await referencesOf(tenant).require(id, field);
    if (defectId !== null) throw badInput(field, 'shows a defect; name photographs of good parts');
    if (archivedAt !== null) throw badInput(field, 'is archived; upload the image again to restore it');
    chosen.push({ id, productId, isUsed: false });
  }
  return chosen;
}

/** The reported defect on the good photograph itself: an export with normal images has both. */
async function ofFalseAlarms(tenant: TenantScope, input: MissesInput): Promise<readonly Miss[]> {
  const misses: Miss[] = [];
  for (const [i, { referenceId, defectCode }] of (input.falseAlarms ?? []).entries()) {
    const field = `input.falseAlarms[${String(i)}]`;
    const good = await referencesOf(tenant).require(referenceId, `${field}.referenceId`);
    if (good.defectId !== null) throw badInput(`${field}.referenceId`, 'shows a defect, so the alarm was right');
    const request = { defectReference: { anyOfPair: true }, reference: { id: referenceId }, defectCode };
    misses.push({ field, input: { ...common(input), ...request, ...(await partOf(tenant, good)) } });
  }
  return misses;
}

/** The same miss twice would be two generations of one defect. */
function requireDistinct(names: readonly string[], field: string): void {
  names.forEach((name, i) => {
    const first = names.indexOf(name);
    if (first < i) throw badInput(`${field}[${String(i)}]`, `is the same as ${field}[${String(first)}]`);
  });
}

async function partOf(tenant: TenantScope, { productId }: ReferenceRow): Promise<{ partNumber: string }> {
  const [product] = await catalogOf(tenant).productsById([productId]);
  return { partNumber: product?.partNumber ?? '' };
}

const COMMON = ['count', 'strength', 'variation', 'seed', 'priority', 'idempotencyKey'];

/** Admission names the fields of one generation, which `generateForMisses` has in other places, or has not. */
function inFieldsOfMisses(error: ServiceError, key: string | undefined, misses: readonly Miss[]): ServiceError {
  const { field } = error.extensions;
  const [, miss = '', list, path] = /^(input\.(missed|falseAlarms)\[\d+\])(?:\.(.*))?$/.exec(String(field)) ?? [];
  const [name = ''] = path?.split(/[.[]/) ?? [];
  if (path === undefined) return error;
  const ofAlarm = name === 'defectReference' || name === 'defectCode' ? 'defectCode' : 'referenceId';
  const own = list === 'missed' ? miss : `${miss}.${ofAlarm}`;
  const told = COMMON.includes(name) ? `input.${path}` : own;
  const message = error.message.replace(String(field), told);
  const { code, ...details } = error.extensions;
  return new ServiceError(
    code as ErrorCode,
    key === undefined
      ? message
      : message.replace(
          quote(
            itemKey(
              key,
              misses.findIndex((one) => one.field === miss),
            ),
          ),
          quote(key),
        ),
    { ...details, field: told },
  );
}

function common({ count, strength, variation, seed, priority }: MissesInput) {
  return { count: count ?? DEFAULT_COUNT, strength, variation, seed, priority };
}
