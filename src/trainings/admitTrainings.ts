/** Accepts a list of trainings as a whole or not at all. An accepted row is the entry in the queue. */
import type { ModelRegistry } from '../catalog/modelRegistry.js';
import type { Limits } from '../config.js';
import { ServiceError, badInput, quote } from '../errors.js';
import type { AdmissionItem } from '../queue/idempotentAdmission.js';
import { admitOnce, inputHash } from '../queue/idempotentAdmission.js';
import { requireLength } from '../range.js';
import { count, eq, inArray } from '../storage/drizzle.js';
import { notify } from '../storage/database.js';
import { isId, newId } from '../storage/identifiers.js';
import type { DataSetRow, TrainingRow } from '../storage/tables.js';
import { dataSets, trainings } from '../storage/tables.js';
import type { TenantScope } from '../storage/tenantScope.js';
import type { TrainingWindow } from '../storage/trainingJsonColumns.js';
import { requireStorage, requireTrainingMinutes } from '../tenants/quotas.js';
import { optionalText } from '../validateText.js';
import type { Member } from './dataSetMembers.js';
import { membersOf } from './dataSetMembers.js';
import { requireBase } from './requireBase.js';
import { requireNameFree } from './requireNameFree.js';
import type { NameKind } from './trainableNames.js';
import { requireFewWords, trainableName } from './trainableNames.js';
import { countLiveTrainers } from './trainerRegistry.js';
import { QUEUED_SIGNAL } from '../queue/signals.js';
import { TRAINING_CHANNEL, insertEvent } from './trainingEvents.js';
import type { ResolvedTraining, TrainingInput } from './trainingInput.js';
import { resolveTraining } from './trainingInput.js';

/** Per tenant, waiting and running. Each can take hours. */
const MAX_OPEN_TRAININGS = 20;
const RETRY_AFTER_MS = 60_000;

export interface TrainingAdmission {
  /** Those of the operator. */
  readonly models: ModelRegistry;
  readonly limits: Limits;
}

/**
 * In the order of the inputs. Throws `ServiceError`: BAD_USER_INPUT, NOT_FOUND, UNKNOWN_MODEL, NO_TRAINER, QUEUE_FULL, QUOTA_EXCEEDED,
 * MODEL_NAME_TAKEN, MODEL_VERSION_EXISTS, IDEMPOTENCY_CONFLICT.
 */
export async function admitTrainings(
  tenant: TenantScope,
  admission: TrainingAdmission,
  inputs: readonly TrainingInput[],
): Promise<readonly TrainingRow[]> {
  requireLength(inputs, { min: 1, max: MAX_OPEN_TRAININGS }, 'input', 'trainings');
  const items = inputs.map((input, i) => {
    const field = `input[${String(i)}]`;
    optionalText(input.idempotencyKey, `${field}.idempotencyKey`);
    return { input, field, hash: inputHash(input) };
  });
  const insert = async (tx: TenantScope, fresh: readonly AdmissionItem<TrainingInput>[]) => {
    await requireTrainer(tx);
    await requireCapacity(tx, fresh.length);
    await requireStorage(tx, admission.limits.tenant);
    const resolved = fresh.map(({ input, field }) => resolveTraining(input, field, admission.limits));
    const minutes = resolved.reduce((sum, one) => sum + one.minutes, 0);
    await requireTrainingMinutes(tx, minutes, admission.limits.tenant);
    const rows: TrainingRow[] = [];
    for (const [i, item] of fresh.entries())
      rows.push(await insertTraining(tx, admission, item, resolved[i] as ResolvedTraining));
    await notify(tx.database, TRAINING_CHANNEL, QUEUED_SIGNAL);
    return rows;
  };
  return admitOnce(
    tenant,
    { noun: 'training', table: trainings, lock: 'trainingAdmission', isSharedLock: false, insert },
    items,
  );
}

async function insertTraining(
  tx: TenantScope,
  { models }: TrainingAdmission,
  { input, field, hash }: AdmissionItem<TrainingInput>,
  { settings, ...resolved }: ResolvedTraining,
): Promise<TrainingRow> {
  const base = await requireBase(tx, models, input.base, `${field}.base`);
  await requireNameFree(tx, models, resolved, field);
  const dataSet = await requireDataSet(tx, input.dataSetId, field);
  const products = await requireTrainable(tx, dataSet, `${field}.dataSetId`);
  const windows = settings.windows.map((one, i): TrainingWindow => {
    const product = products.get(one.partNumber);
    if (product !== undefined) return { ...one, product };
    throw badInput(
      `${field}.windows[${String(i)}].partNumber`,
      `the data set has no photograph of ${quote(one.partNumber)}; it has ${[...products.keys()].map(quote).join(', ')}`,
    );
  });
  const row = {
    ...resolved,
    id: newId(),
    dataSetId: dataSet.id,
    base: base.id,
    settings: { ...settings, windows },
    status: 'QUEUED' as const,
    lastSeq: 1,
    idempotencyKey: input.idempotencyKey ?? null,
    inputHash: hash,
    createdBy: tx.createdBy,
    createdAt: new Date(),
  };
  const [inserted] = await tx.database.insert(trainings).values(tx.own(row)).returning();
  if (inserted === undefined) throw new Error('an inserted training was not returned');
  await insertEvent(tx, inserted.id, 1, { type: 'TrainingQueued' });
  return inserted;
}

async function requireDataSet({ database, rows }: TenantScope, id: string, field: string): Promise<DataSetRow> {
  const [row] = isId(id)
    ? await database
        .select()
        .from(dataSets)
        .where(rows(dataSets, eq(dataSets.id, id)))
        // Nobody deletes it before the training is there to be seen.
        .for('share')
    : [];
  if (row !== undefined && row.deletedAt === null) return row;
  throw new ServiceError('NOT_FOUND', `${field}.dataSetId: there is no data set ${quote(id)}`, {
    field: `${field}.dataSetId`,
  });
}

/** The prompt names by part number. */
async function requireTrainable(tx: TenantScope, { id }: DataSetRow, field: string): Promise<Map<string, string>> {
  const products = new Map<string, string>();
  const defects = new Set<string>();
  let hasDefect = false;
  for await (const member of membersOf(tx, id)) {
    requireNames(member, field);
    products.set(member.partNumber, member.product);
    if (member.defect !== null) defects.add(member.defect);
    hasDefect ||= member.defect !== null && member.split === 'TRAIN';
  }
  requireFewWords(new Set(products.values()), defects, field);
  if (hasDefect) return products;
  throw badInput(
    field,
    'the data set has no defective photograph to learn from; only those of the split TRAIN are learnt',
  );
}

function requireNames({ partNumber, product, defectCode, defect }: Member, field: string): void {
  requireName('product', partNumber, product, field);
  if (defect !== null) requireName('defect', defectCode ?? '', defect, field);
}

function requireName(kind: NameKind, code: string, promptName: string, field: string): void {
  const name = trainableName(kind, promptName);
  if (name === promptName) return;
  const advice = name === undefined ? 'another promptName' : `the promptName ${quote(name)}`;
  throw badInput(
    field,
    `the ${kind} ${quote(code)} has the promptName ${quote(promptName)}, which cannot be learnt: import it again with ${advice}`,
  );
}

async function requireTrainer({ database }: TenantScope): Promise<void> {
  if ((await countLiveTrainers(database)) > 0) return;
  throw new ServiceError(
    'NO_TRAINER',
    'No trainer is running. The operator starts one with ROLE=trainer, or with TRAINER_COMMAND in a process with ROLE=all: see docs/trainings.md',
    { retryAfterMs: RETRY_AFTER_MS },
  );
}

async function requireCapacity({ database, rows }: TenantScope, more: number): Promise<void> {
  const [open] = await database
    .select({ count: count() })
    .from(trainings)
    .where(rows(trainings, inArray(trainings.status, ['QUEUED', 'RUNNING'])));
  if ((open?.count ?? 0) + more <= MAX_OPEN_TRAININGS) return;
  throw new ServiceError(
    'QUEUE_FULL',
    `${String(MAX_OPEN_TRAININGS)} trainings may wait or run at a time; nothing was accepted, try again later`,
    { retryAfterMs: RETRY_AFTER_MS, limit: MAX_OPEN_TRAININGS },
  );
}
