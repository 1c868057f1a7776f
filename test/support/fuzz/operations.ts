/** Generated operations: valid ones, ones with hostile values, and ones whose text is broken. */
import { readFileSync } from 'node:fs';
import type { GraphQLField, GraphQLInputType, GraphQLNamedType, GraphQLObjectType } from 'graphql';
import {
  buildSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  isUnionType,
  isInterfaceType,
} from 'graphql';
import type { Random } from './random.js';
import { ID, NUMBERS, TEXTS } from './random.js';

const schema = buildSchema(readFileSync('schema.graphql', 'utf8'));
const HOSTILE_SHARE = 0.15;
const DEEPEST = 8;

export interface Operation {
  readonly query: unknown;
  readonly variables: unknown;
  readonly operationName?: unknown;
}

export function operation(random: Random): Operation {
  const kind = random.pick(['query', 'query', 'query', 'mutation', 'subscription'] as const);
  const root = schema.getRootType(kind as never) as GraphQLObjectType;
  const variables: Record<string, unknown> = {};
  const declared: string[] = [];
  const value = (type: GraphQLInputType): string => {
    if (!random.chance(0.5)) return literal(inputValue(type, random, 0), type, random);
    const name = `v${String(declared.length)}`;
    declared.push(`$${name}: ${String(type)}`);
    variables[name] = inputValue(type, random, 0);
    return `$${name}`;
  };
  const body = selection(root, random, 0, value, kind === 'subscription' ? 1 : undefined);
  const head = declared.length === 0 ? '' : `(${declared.join(', ')})`;
  const fragments = random.chance(0.05) ? ' fragment F on Query { ...G } fragment G on Query { ...F }' : '';
  const query = `${kind} ${random.chance(0.1) ? 'Named' : ''}${head} ${body}${fragments}`;
  if (random.chance(0.03)) return { query: junk(random), variables: junk(random), operationName: junk(random) };
  return { query: random.chance(0.15) ? broken(query, random) : query, variables };
}

type ValueOf = (type: GraphQLInputType) => string;

function selection(
  type: GraphQLNamedType,
  random: Random,
  depth: number,
  value: ValueOf,
  fields = 1 + random.int(5),
): string {
  if (isUnionType(type)) {
    const parts = type.getTypes().map((each) => `... on ${each.name} ${selection(each, random, depth + 1, value)}`);
    return `{ __typename ${parts.filter(() => random.chance(0.5)).join(' ')} }`;
  }
  if (!isObjectType(type) && !isInterfaceType(type)) return '';
  const all = Object.values(type.getFields());
  // Sometimes wide, which only small fields bear.
  const count = random.chance(0.03) && fields > 1 ? 60 : fields;
  const chosen = Array.from({ length: count }, (_, i) => field(random.pick(all), random, depth, value, i));
  if (random.chance(0.05)) chosen.push('__typename');
  if (depth === 0 && random.chance(0.05)) chosen.push(introspection(random));
  return `{ ${chosen.join(' ')} }`;
}

function field(
  { name, args, type }: GraphQLField<unknown, unknown>,
  random: Random,
  depth: number,
  value: ValueOf,
  i: number,
): string {
  const given = args.filter((arg) => isNonNullType(arg.type) || random.chance(0.4));
  const list = given.map((arg) => `${arg.name}: ${value(arg.type)}`).join(', ');
  const alias = random.chance(0.7) ? `f${String(depth)}_${String(i)}: ` : '';
  const directive = random.chance(0.03) ? ` @skip(if: ${random.pick(['true', 'false', '3'])})` : '';
  const inner = getNamedType(type);
  const isComposite = isObjectType(inner) || isUnionType(inner) || isInterfaceType(inner);
  const below = isComposite ? (depth >= DEEPEST ? '{ __typename }' : selection(inner, random, depth + 1, value)) : '';
  return `${alias}${name}${list === '' ? '' : `(${list})`}${directive} ${below}`;
}

function introspection(random: Random): string {
  const deeper = (n: number): string =>
    n === 0
      ? '{ name }'
      : `{ ${random.pick(['fields', 'interfaces', 'possibleTypes'])} ${random.pick(['{ name }', `{ type ${deeper(n - 1)} }`])} }`;
  const count = 1 + random.int(20);
  return Array.from({ length: count }, (_, i) => `s${String(i)}: __schema { types ${deeper(random.int(4))} }`).join(
    ' ',
  );
}

function inputValue(type: GraphQLInputType, random: Random, depth: number): unknown {
  if (random.chance(HOSTILE_SHARE)) return junk(random);
  if (isNonNullType(type)) return inputValue(type.ofType, random, depth);
  if (random.chance(0.1)) return null;
  if (isListType(type)) {
    const length = random.chance(0.02) ? 300 : random.int(3);
    return Array.from({ length }, () => inputValue(type.ofType as GraphQLInputType, random, depth + 1));
  }
  if (isEnumType(type)) return random.pick(type.getValues()).name;
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter((each) => isNonNullType(each.type) || random.chance(0.25));
    if (depth > DEEPEST) return {};
    return Object.fromEntries(fields.map((each) => [each.name, inputValue(each.type, random, depth + 1)]));
  }
  if (type.name === 'ID') return random.chance(0.5) ? ID : random.pick(TEXTS);
  if (/Int|Float/.test(type.name)) return random.pick(NUMBERS);
  if (type.name === 'Boolean') return random.chance(0.5);
  return random.pick(TEXTS);
}

export function junk(random: Random): unknown {
  return random.pick<() => unknown>([
    () => null,
    () => random.pick(TEXTS),
    () => random.pick(NUMBERS),
    () => [],
    () => [random.pick(TEXTS), [null]],
    () => ({}),
    () => ({ [random.pick(TEXTS)]: random.pick(NUMBERS), constructor: {}, toString: 1 }),
    () => true,
    () => JSON.parse('['.repeat(50) + ']'.repeat(50)) as unknown,
  ])();
}

/** As text of a document. An enum's value has no quotation marks. */
function literal(value: unknown, type: GraphQLInputType, random: Random): string {
  const inner = getNamedType(type);
  if (typeof value === 'string') return isEnumType(inner) && /^[A-Z_]+$/.test(value) ? value : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((each) => literal(each, type, random)).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = isInputObjectType(inner) ? inner.getFields() : {};
    const names = Object.entries(value).filter(([name]) => /^[A-Za-z]\w*$/.test(name));
    return `{ ${names.map(([name, below]) => `${name}: ${literal(below, fields[name]?.type ?? type, random)}`).join(', ')} }`;
  }
  if (typeof value === 'number' && random.chance(0.05))
    return random.pick(['1e999', '-0', '007', '99999999999999999999']);
  return String(value);
}

function broken(text: string, random: Random): string {
  const at = random.int(text.length);
  const piece = text.slice(at, at + random.int(20));
  return random.pick([
    () => text.slice(0, at),
    () => text.replace(piece, ''),
    () => text.slice(0, at) + piece.repeat(20) + text.slice(at),
    () =>
      text.slice(0, at) +
      random.pick(['{', '}', '$', '@', '...', '"""', '\\u0000', '\u{10ffff}', '🦄']) +
      text.slice(at),
    () => `${text} ${text}`,
  ])();
}
