/** Writes schema.graphql, the contract of the API. A test fails when the file is not current. */
import { writeFileSync } from 'node:fs';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { createSchema } from './schema.js';

writeFileSync('schema.graphql', `${printSchema(lexicographicSortSchema(createSchema()))}\n`);
