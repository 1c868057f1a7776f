/** Relay connections: every list of the API has this shape. */
import { ArgsType, Field, Int, ObjectType } from 'type-graphql';
import type { ClassType } from 'type-graphql';
import { PAGE_SIZE, encodeCursor } from '../storage/pagination.js';
import type { Page, PageRequest } from '../storage/pagination.js';

@ArgsType()
export class PageArgs {
  @Field(() => Int, {
    nullable: true,
    defaultValue: PAGE_SIZE.default,
    description: `1 … ${String(PAGE_SIZE.max)}.`,
  })
  first?: number | null;

  @Field(() => String, { nullable: true, description: 'The endCursor of an earlier page.' })
  after?: string | null;
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
  }
  return NodeConnection as unknown as ClassType<Connection<T>>;
}

export function connection<T>(
  { rows, hasNextPage }: Page<T>,
  request: PageRequest,
  keyOf: (row: T) => readonly (string | number)[],
): Connection<T> {
  // Getters, for an answer can have thousands of cursors that nobody asked for.
  const edges = rows.map((node) => ({
    get cursor() {
      return encodeCursor(keyOf(node));
    },
    node,
  }));
  return {
    edges,
    pageInfo: {
      hasNextPage,
      hasPreviousPage: request.after !== undefined,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
