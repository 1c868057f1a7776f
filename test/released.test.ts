/** The schema breaks no client of the last release, unless CHANGELOG.md says so; and one version names this code everywhere. */
import { readFileSync, readdirSync } from 'node:fs';
import { diff } from '@graphql-inspector/core';
import type { GraphQLSchema } from 'graphql';
import { buildSchema } from 'graphql';
import { createSchema } from '../src/resolvers/schema.js';

const read = (file: string): string => readFileSync(file, 'utf8');
const { version: VERSION } = JSON.parse(read('package.json')) as { version: string };

/** The newest release before this version. */
function lastReleased(): string {
  const released = readdirSync('schema/released').map((name) => name.replace('.graphql', ''));
  const newestFirst = released.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  const last = newestFirst.find((each) => each.localeCompare(VERSION, 'en', { numeric: true }) < 0);
  if (last === undefined) throw new Error('schema/released has no schema of an earlier version');
  return last;
}

/** What CHANGELOG.md says about everything after a release. */
function changesSince(changelog: string, released: string): string {
  const [since, before] = changelog.split(`## [${released}]`);
  if (before === undefined) throw new Error(`CHANGELOG.md has no section ${released}`);
  return since ?? '';
}

/** The schema with the types under the names that the changelog says they have now. */
function renamed(sdl: string, changelog: string): string {
  const names = [...changelog.matchAll(/`(\w+)` is\s+now\s+`(\w+)`/g)].map(
    ([, from = '', to = '']) => [from, to] as const,
  );
  return names.reduce((text, [from, to]) => text.replaceAll(new RegExp(`\\b${from}\\b`, 'g'), to), sdl);
}

/** Breaking changes, such as "Query.products", whose path the changelog does not name. */
async function unnamedBreakingChanges(from: GraphQLSchema, to: GraphQLSchema, changelog: string): Promise<string[]> {
  const changes = await diff(from, to);
  return changes
    .filter(({ criticality, path }) => criticality.level === 'BREAKING' && !changelog.includes(`\`${path ?? ''}\``))
    .map(({ message }) => message);
}

test('a breaking change of the schema since the last release is named in CHANGELOG.md', async () => {
  const released = lastReleased();
  const changelog = changesSince(read('CHANGELOG.md'), released);
  const before = buildSchema(renamed(read(`schema/released/${released}.graphql`), changelog));
  expect(await unnamedBreakingChanges(before, createSchema(), changelog)).toEqual([]);
});

test('what is removed or becomes required is breaking; what is added or deprecated is not', async () => {
  const before = buildSchema('type Query { kept: Int  removed: Int  list(first: Int): [Int] }');
  const after = buildSchema('type Query { kept: Int @deprecated  added: Int  list(first: Int, after: Int!): [Int] }');
  expect(await unnamedBreakingChanges(before, after, '- `Query.removed` is gone.')).toEqual([
    expect.stringMatching(/^Argument 'after: Int!' .*added to field 'Query.list'/),
  ]);
  expect(await unnamedBreakingChanges(before, after, '- `Query.removed` and `Query.list.after`')).toEqual([]);
});

test('a type that the changelog calls by another name now is no breaking change, but another one is', async () => {
  const changelog = 'The scalar `Moment` is now `Time`, and the type `Span` is\n  now `Period`.';
  const before = buildSchema(renamed('type Query { at: Moment  span: Span  other: Moment } scalar Moment  type Span { from: Moment }', changelog)); // prettier-ignore
  const after = buildSchema(
    'type Query { at: Time  span: Period  other: Int } scalar Time  type Period { from: Time }',
  );
  expect(await unnamedBreakingChanges(before, after, changelog)).toEqual([
    expect.stringMatching(/'Query.other' changed type/),
  ]);
});

test('the training package has the version of package.json, and CHANGELOG.md describes it', () => {
  expect(read('training/defectdiffu/__init__.py')).toContain(`__version__ = "${VERSION}"`);
  expect(read('training/pyproject.toml')).toContain('version = { attr = "defectdiffu.__version__" }');
  expect(read('CHANGELOG.md')).toContain(`## [${VERSION}]`);
});
