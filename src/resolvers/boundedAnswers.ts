/**
 * Bounds every answer while it is resolved, before it is built as text: its objects and its bytes. Long lists continue
 * in later iterations of the event loop, so that no answer keeps other requests waiting. queryLimits.ts estimates the
 * objects from the query alone; here, they are counted.
 */
import type { GraphQLField, GraphQLFieldResolver, GraphQLSchema } from 'graphql';
import { defaultFieldResolver, getNamedType, isLeafType, isListType, isNonNullType, isObjectType } from 'graphql';
import { ServiceError } from '../errors.js';
import type { FairTurns } from '../fairTurns.js';
import type { BatchSchedule } from './batchSchedule.js';
import { createBatchSchedule } from './batchSchedule.js';
import { boundIntrospection } from './boundedIntrospection.js';

export const ANSWER_LIMITS = { nodes: 50_000, bytes: 8 * 1024 * 1024 } as const;

/** Quotation marks, colon, and comma. */
const PUNCTUATION_BYTES = 4;
const NUMBER_BYTES = 8;
/** A promise for each would cost more than it shares. */
const ITEMS_PER_TURN = 10;
const UNITS_PER_TURN = 50;

export interface Answer {
  /** Set as soon as the answer is too large. The rest is left out then. */
  tooLarge: ServiceError | undefined;
  nodes: number;
  bytes: number;
  readonly tenantId: string;
  readonly turns: FairTurns;
  readonly batches: BatchSchedule;
}

export function createAnswer(tenantId: string, turns: FairTurns): Answer {
  return { tooLarge: undefined, nodes: 0, bytes: 0, tenantId, turns, batches: createBatchSchedule() };
}

/**
 * Wraps the resolver of every field. The context of the schema must have an `answer`. Each event of a subscription is an
 * answer of its own.
 */
export function boundAnswers(schema: GraphQLSchema): GraphQLSchema {
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__') || type === schema.getSubscriptionType()) continue;
    for (const field of Object.values(type.getFields())) field.resolve = bounded(field);
  }
  boundIntrospection((items, context) => {
    const answer = (context as { readonly answer?: Answer } | undefined)?.answer;
    return answer === undefined ? items : addObjects(items, answer);
  });
  return schema;
}

type Resolver = GraphQLFieldResolver<unknown, { readonly answer: Answer }>;

function bounded({ name, type, resolve = defaultFieldResolver }: GraphQLField<unknown, { answer: Answer }>): Resolver {
  const isLeaf = isLeafType(getNamedType(type));
  const isList = isListType(isNonNullType(type) ? type.ofType : type);
  const isNullable = !isNonNullType(type);
  const add = isLeaf ? addLeaf : isList ? addObjects : addObject;

  return (source, args, context, info) => {
    const { answer } = context;
    if (answer.tooLarge !== undefined) {
      // Null is cheaper than one more error, of which there could be thousands.
      if (isNullable) return null;
      throw answer.tooLarge;
    }
    answer.turns.spend(1);
    answer.bytes += name.length + PUNCTUATION_BYTES;
    const value: unknown = resolve(source, args, context, info);
    return isPromise(value) ? value.then((found) => add(found, answer)) : add(value, answer);
  };
}

function addLeaf(value: unknown, answer: Answer): unknown {
  answer.bytes += leafBytes(value);
  requireSmall(answer);
  return value;
}

function addObject(value: unknown, answer: Answer): unknown {
  if (value !== null && value !== undefined) answer.nodes += 1;
  requireSmall(answer);
  return value;
}

function addObjects(value: unknown, answer: Answer): unknown {
  if (!Array.isArray(value)) return value;
  answer.nodes += value.length;
  requireSmall(answer);
  // A hundred lists that are found together are not resolved together either.
  const turn = value.length === 0 ? undefined : nextTurn(answer);
  return turn === undefined ? itemsInTurns(value, answer) : turn.then(() => itemsInTurns(value, answer));
}

function itemsInTurns(list: readonly unknown[], answer: Answer): readonly unknown[] {
  let turn: Promise<void> | undefined;
  return list.map((item, i) => {
    if (i % ITEMS_PER_TURN === 0) {
      turn = nextTurn(answer);
      // What the fields of the items will spend is not known yet.
      if (turn === undefined) answer.turns.spend(UNITS_PER_TURN);
    }
    return turn === undefined ? item : turn.then(() => item);
  });
}

function nextTurn({ turns, tenantId, batches }: Answer): Promise<void> | undefined {
  const turn = turns.next(tenantId);
  return turn === undefined ? undefined : batches.await(turn);
}

function requireSmall(answer: Answer): void {
  for (const limit of ['nodes', 'bytes'] as const) {
    if (answer[limit] <= ANSWER_LIMITS[limit]) continue;
    const what = limit === 'nodes' ? 'objects' : 'bytes';
    answer.tooLarge ??= new ServiceError(
      'QUERY_TOO_LARGE',
      `The answer is too large: more than ${String(ANSWER_LIMITS[limit])} ${what}. Request less at a time.`,
      { limit, allowed: ANSWER_LIMITS[limit] },
    );
    throw answer.tooLarge;
  }
}

function leafBytes(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null || value instanceof Date) return NUMBER_BYTES;
  if (value instanceof URL) return value.href.length;
  // Lists of leaves, and JSON.
  let bytes = 2;
  for (const [key, below] of Object.entries(value)) bytes += key.length + PUNCTUATION_BYTES + leafBytes(below);
  return bytes;
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof (value as Promise<unknown> | null | undefined)?.then === 'function';
}
