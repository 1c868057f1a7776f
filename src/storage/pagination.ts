/**
 * Keyset pagination: a cursor names the last row of a page. So a page costs the same at any depth, and rows that appear
 * or disappear cause neither repetitions nor gaps. Cursors are opaque to callers and validated when they come back.
 */
import { badInput, quote } from '../errors.js';
import { requireInRange } from '../range.js';

export const PAGE_SIZE = { default: 20, max: 100 } as const;

export interface PageRequest {
  readonly first: number;
  /** The key of the row before the page, as passed to `encodeCursor`. */
  readonly after: readonly (string | number)[] | undefined;
}

export interface Page<T> {
  readonly rows: readonly T[];
  readonly hasNextPage: boolean;
}

export type CursorShape = readonly ('string' | 'number' | 'id')[];

export function encodeCursor(key: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/** shape` describes the keys of this list. A cursor of another list or an invented one is rejected. */
export function pageRequest(
  args: { first?: number | null | undefined; after?: string | null | undefined },
  shape: CursorShape,
): PageRequest {
  const first = args.first ?? PAGE_SIZE.default;
  requireInRange(first, { min: 1, max: PAGE_SIZE.max }, 'first');
  return { first, after: args.after == null ? undefined : decodeCursor(args.after, shape) };
}

function decodeCursor(cursor: string, shape: CursorShape): readonly (string | number)[] {
  const key = cursor.length <= 1000 ? parse(cursor) : undefined;
  if (Array.isArray(key) && key.length === shape.length && shape.every((kind, i) => fits(key[i], kind))) {
    return key as (string | number)[];
  }
  throw badInput('after', `${quote(cursor)} is not a cursor of this list; pass the endCursor of an earlier page`);
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

function fits(value: unknown, kind: 'string' | 'number' | 'id'): boolean {
  if (kind === 'number') return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 31;
  if (typeof value !== 'string' || value.includes('\0')) return false;
  return kind === 'string' || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value);
}

/** Expects rows that were read with a limit of `first + 1`. */
export function page<T>(rows: readonly T[], request: PageRequest): Page<T> {
  return { rows: rows.slice(0, request.first), hasNextPage: rows.length > request.first };
}
