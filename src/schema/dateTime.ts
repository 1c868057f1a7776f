/** A point in time, under the name and the specification that generators of clients know. */
import { GraphQLDateTimeISO } from 'graphql-scalars';
import { GraphQLScalarType } from 'graphql';

export const DateTime = new GraphQLScalarType({
  ...GraphQLDateTimeISO.toConfig(),
  name: 'DateTime',
  description: 'A time by RFC 3339, such as 2026-11-29T10:15:30.000Z. Answers are in UTC, with milliseconds.',
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time.html',
});
