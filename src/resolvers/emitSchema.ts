/**
 * Writes what is made from the code: schema.graphql, the contract of the API, and the tables of docs/errors.md. Tests
 * fail when they are not current.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { withTables } from './errorTables.js';
import { createSchema } from './schema.js';

writeFileSync('schema.graphql', `${printSchema(lexicographicSortSchema(createSchema()))}\n`);
writeFileSync('docs/errors.md', withTables(readFileSync('docs/errors.md', 'utf8')));
