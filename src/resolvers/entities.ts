/** What other subgraphs can refer to and extend, and its look-up by a key: only what the caller's tenant has. */
import { requireCode } from '../catalog/codes.js';
import { ServiceError, badInput, quote } from '../errors.js';
import { requireLength } from '../range.js';
import { typesOfIds } from '../storage/nodeTypes.js';
import type { Context } from './context.js';
import { MAX_ENTITIES } from './listLengths.js';
import type { NodeType } from './nodes.js';
import { findNode } from './nodes.js';

/** The fields that identify each entity. All can be queried by every role. */
export const ENTITY_KEYS = {
  DataSet: ['id'],
  Defect: ['id', 'code'],
  Export: ['id'],
  Generation: ['id'],
  Model: ['id'],
  Product: ['id', 'partNumber'],
  Reference: ['id'],
  RegionMask: ['id'],
  Sample: ['id'],
  Training: ['id'],
} as const satisfies Partial<Record<NodeType, readonly string[]>>;

type EntityType = keyof typeof ENTITY_KEYS;

export interface EntitiesArguments {
  readonly representations: readonly unknown[];
}

interface Representation {
  readonly type: EntityType;
  readonly field: string;
  readonly value: string;
}

/** In the order of the representations. Null: the tenant has no such thing. A `ServiceError`: that one cannot be read. */
export async function findEntities(
  { representations }: EntitiesArguments,
  context: Context,
): Promise<readonly unknown[]> {
  requireLength(representations, { min: 0, max: MAX_ENTITIES }, 'representations', 'entities');
  const asked = representations.map((representation, index) => {
    try {
      return readRepresentation(representation, `representations[${String(index)}]`);
    } catch (error) {
      if (error instanceof ServiceError) return error;
      throw error;
    }
  });
  const valuesOf = (key: string, type?: EntityType): string[] =>
    asked.flatMap((one) =>
      one instanceof ServiceError || one.field !== key || (type ?? one.type) !== one.type ? [] : [one.value],
    );
  const [types, products, defects] = await Promise.all([
    typesOfIds(context.scope, valuesOf('id')),
    context.catalog.productsByPartNumber(valuesOf('partNumber', 'Product')),
    context.catalog.defectsByCode(valuesOf('code', 'Defect')),
  ]);
  const byPartNumber = new Map(products.map((row) => [row.partNumber, row]));
  const byCode = new Map(defects.map((row) => [row.code, row]));
  return asked.map((one) => {
    if (one instanceof ServiceError) return one;
    const { type, field, value } = one;
    if (field === 'id') return type === 'Model' || types.get(value) === type ? findNode(type, value, context) : null;
    const row = field === 'partNumber' ? byPartNumber.get(value) : byCode.get(value);
    return row === undefined ? null : { ...row, __typename: type };
  });
}

function readRepresentation(representation: unknown, name: string): Representation {
  if (typeof representation !== 'object' || representation === null || Array.isArray(representation))
    throw badInput(name, `${shown(representation)} is not an object`);
  const given = representation as Readonly<Record<string, unknown>>;
  const type = given['__typename'];
  if (!isEntityType(type))
    throw badInput(`${name}.__typename`, `${shown(type)} is none of ${Object.keys(ENTITY_KEYS).join(', ')}`);
  const keys: readonly string[] = ENTITY_KEYS[type];
  const field = keys.find((key) => given[key] !== undefined && given[key] !== null);
  if (field === undefined) throw badInput(name, `has no key of ${type}: ${keys.join(' or ')}`);
  const value = given[field];
  if (typeof value !== 'string') throw badInput(`${name}.${field}`, `${shown(value)} is not a text`);
  return { type, field, value: field === 'id' ? value.toLowerCase() : requireCode(value, `${name}.${field}`) };
}

function shown(value: unknown): string {
  return quote(typeof value === 'object' ? JSON.stringify(value) : value);
}

function isEntityType(type: unknown): type is EntityType {
  return typeof type === 'string' && Object.hasOwn(ENTITY_KEYS, type);
}
