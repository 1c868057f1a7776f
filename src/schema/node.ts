import { Field, ID, InterfaceType } from 'type-graphql';

@InterfaceType({
  description: 'Whatever `node` finds by its id. Ids are UUIDs, unique over all types.',
  resolveType: ({ __typename }: { __typename: string }) => __typename,
})
export abstract class Node {
  @Field(() => ID)
  id!: string;
}
