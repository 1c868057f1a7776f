import { Field, ID, InterfaceType } from 'type-graphql';

@InterfaceType({
  description: 'Whatever `node` finds by its id: a UUID, unique over all types, or the name@version of a model.',
  resolveType: ({ __typename }: { __typename: string }) => __typename,
})
export abstract class Node {
  @Field(() => ID)
  id!: string;
}
