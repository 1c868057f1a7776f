/** Relay connections: every list of the API has this shape. */
import { ArgsType, Field, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { ClassType } from 'type-graphql';
import { MAX_COUNT } from '../storage/keyset.js';
import type {
  OrderDirection as Direction,
  ListOrders,
  Page,
  PageArguments,
  PageRequest,
} from '../storage/pagination.js';
import { PAGE_SIZE, cursorOf } from '../storage/pagination.js';
import { OrderDirection } from './order.js';

@ArgsType()
export class PageArgs implements PageArguments {
  @Field(() => Int, {
    nullable: true,
    description: `1 … ${String(PAGE_SIZE.max)}. Default: ${String(PAGE_SIZE.default)}, unless last is given.`,
  })
  first?: number | null;

  @Field(() => String, { nullable: true, description: 'The endCursor of an earlier page.' })
  after?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: `1 … ${String(PAGE_SIZE.max)}: a page from the end of the list, in the same order. Not with first.`,
  })
  last?: number | null;

  @Field(() => String, { nullable: true, description: 'The startCursor of a later page.' })
  before?: string | null;
}

export interface OrderBy<Field extends string> {
  readonly field: Field;
  readonly direction: Direction;
}

/** The input `<name>Order` and its enum `<name>OrderField`, for the argument `orderBy`. */
export function orderInput<F extends string>(
  name: string,
  { fields, default: { direction } }: ListOrders<never, F>,
  description?: string,
): ClassType<OrderBy<F>> {
  const names = Object.fromEntries(Object.keys(fields).map((field) => [field, field]));
  registerEnumType(names, { name: `${name}OrderField` });

  @InputType(`${name}Order`, description === undefined ? {} : { description })
  class OrderByInput {
    @Field(() => names)
    field!: F;

    @Field(() => OrderDirection, { defaultValue: direction })
    direction!: Direction;
  }
  return OrderByInput;
}

@ObjectType()
export class PageInfo {
  @Field(() => Boolean)
  hasNextPage!: boolean;

  @Field(() => Boolean)
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true })
  startCursor!: string | null;

  @Field(() => String, { nullable: true })
  endCursor!: string | null;
}

export interface Connection<T> {
  readonly edges: readonly { readonly cursor: string; readonly node: T }[];
  readonly pageInfo: PageInfo;
  readonly totalCount: number | null | Promise<number | null>;
}

export function connectionType<T extends object>(node: ClassType<T>): ClassType<Connection<T>> {
  @ObjectType(`${node.name}Edge`)
  class Edge {
    @Field(() => String)
    cursor!: string;

    @Field(() => node)
    node!: object;
  }

  @ObjectType(`${node.name}Connection`)
  class NodeConnection {
    @Field(() => [Edge])
    edges!: Edge[];

    @Field(() => PageInfo)
    pageInfo!: PageInfo;

    @Field(() => Int, {
      nullable: true,
      description: `Of all pages together. Null if it is more than ${String(MAX_COUNT)}, where counting stops.`,
    })
    totalCount!: number | null;
  }
  return NodeConnection as unknown as ClassType<Connection<T>>;
}

/** @param count how many rows meet the conditions of the list; it runs only if the caller wants to know */
export function connection<T>(
  { rows, hasNextPage, hasPreviousPage }: Page<T>,
  request: PageRequest,
  orders: ListOrders<T>,
  count: () => Promise<number | null>,
): Connection<T> {
  // Getters, for an answer can have thousands of cursors that nobody asked for.
  const edges = rows.map((node) => ({
    get cursor() {
      return cursorOf(node, orders, request.field);
    },
    node,
  }));
  return {
    edges,
    pageInfo: {
      hasNextPage,
      hasPreviousPage,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    get totalCount() {
      return count();
    },
  };
}
