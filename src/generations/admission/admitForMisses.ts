/**
 * Turns what a detector got wrong into generations: transplants of each defect that it missed, onto photographs of good
 * parts, and defects on each good photograph that it took for a defective one. All are accepted, or none.
 */
import { catalogOf } from '../../catalog/catalog.js';
import { badInput } from '../../errors.js';
import { inputHash } from '../../queue/idempotentAdmission.js';
import { referencesOf } from '../../references/references.js';
import type { Optional } from '../../range.js';
import type { GenerationRow, ReferenceRow } from '../../storage/tables.js';
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
  const key = optionalText(input.idempotencyKey, 'input.idempotencyKey');
  const misses = [...(await ofMissedDefects(tenant, input)), ...(await ofFalseAlarms(tenant, input))];
  const items = misses.map(({ field, input: own }, i): GenerationItem => ({
    field,
    input: { ...own, idempotencyKey: key === undefined ? null : `${key}/${String(i)}` },
    // Of the whole request: the key with a miss more or less is another request.
    hash: inputHash({ misses: input, item: i }),
  }));
  return admitItems(tenant, context, items);
}

/** More like the missed defect, on any of the product's good photographs. */
async function ofMissedDefects(tenant: TenantScope, input: MissesInput): Promise<readonly Miss[]> {
  const catalog = catalogOf(tenant);
  const misses: Miss[] = [];
  for (const [i, id] of (input.missed ?? []).entries()) {
    const field = `input.missed[${String(i)}]`;
    const donor = await referencesOf(tenant).require(id, field);
    if (donor.defectId === null) throw badInput(field, 'shows a good part; name it in falseAlarms, or upload its mask');
    const [defect] = await catalog.defectsById([donor.defectId]);
    const request = { defectReference: { id }, reference: { anyOfProduct: true } };
    misses.push({
      field,
      input: { ...common(input), ...request, ...(await partOf(tenant, donor)), defectCode: defect?.code ?? '' },
    });
  }
  return misses;
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

async function partOf(tenant: TenantScope, { productId }: ReferenceRow): Promise<{ partNumber: string }> {
  const [product] = await catalogOf(tenant).productsById([productId]);
  return { partNumber: product?.partNumber ?? '' };
}

function common({ count, strength, variation, seed, priority }: MissesInput) {
  return { count: count ?? DEFAULT_COUNT, strength, variation, seed, priority };
}
