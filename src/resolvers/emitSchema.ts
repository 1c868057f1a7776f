/** Writes schema.graphql, the API's contract; a test fails while it is not current. */
import { writeFileSync } from 'node:fs';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { createSchema } from './schema.js';

writeFileSync('schema.graphql', `${printSchema(lexicographicSortSchema(createSchema()))}\n`);
