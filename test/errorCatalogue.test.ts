/** The catalogue of errors names what the source throws: every code, and what each has in its extensions. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import type { CatalogueEntry } from '../src/errorCatalogue.js';
import { ERROR_CODES, FAILURE_CODES } from '../src/errorCatalogue.js';
import { withTables } from '../src/resolvers/errorTables.js';
import { outOfRange, requireInRange, requireLength } from '../src/range.js';
import { ServiceError } from '../src/errors.js';

interface Thrown {
  readonly file: string;
  readonly code: string;
  readonly extensions: readonly string[];
}

/** Made by these, with the code first and the extensions third. */
const MAKERS = ['ServiceError', 'imageError'];
/** Apollo and graphql-js make these themselves. */
const OF_LIBRARIES = ['OPERATION_RESOLUTION_FAILURE', 'PERSISTED_QUERY_NOT_SUPPORTED'];
/** Not in the extensions that are sent. */
const INTERNAL_EXTENSIONS = ['code', 'http', 'message'];

function thrownIn(file: string): Thrown[] {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const found: Thrown[] = [];
  const add = (code: string, details: ts.Node | undefined): void => {
    const extensions = details !== undefined && ts.isObjectLiteralExpression(details) ? keysOf(details) : [];
    found.push({ file, code, extensions: extensions.filter((name) => !INTERNAL_EXTENSIONS.includes(name)) });
  };
  const visit = (node: ts.Node): void => {
    if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && MAKERS.includes(node.expression.getText(source))) {
      const [code, , details] = node.arguments ?? [];
      if (code !== undefined && ts.isStringLiteral(code)) add(code.text, details);
    }
    // extensions: { code: 'QUERY_TOO_LARGE', … } of a GraphQLError
    if (ts.isPropertyAssignment(node) && node.name.getText(source) === 'code' && ts.isStringLiteral(node.initializer))
      add(node.initializer.text, node.parent);
    // ('DATABASE_UNAVAILABLE', …) as const, and withCode(error, 'GRAPHQL_PARSE_FAILED')
    if (ts.isStringLiteral(node) && node.text in ERROR_CODES && !ts.isLiteralTypeNode(node.parent))
      add(node.text, undefined);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function keysOf(node: ts.ObjectLiteralExpression): string[] {
  return node.properties.flatMap((property) =>
    property.name !== undefined && (ts.isIdentifier(property.name) || ts.isStringLiteral(property.name))
      ? [property.name.text]
      : [],
  );
}

/** Not those of devices, which talk to their own process, and not the catalogue itself. */
const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.startsWith('inference/') && name !== 'errorCatalogue.ts')
  .map((name) => join('src', name));
const thrown = files.flatMap(thrownIn);
const CODES: Readonly<Record<string, CatalogueEntry>> = { ...ERROR_CODES, ...FAILURE_CODES };

test('the catalogue has every code that the source throws, and no other', () => {
  const named = new Set(thrown.map(({ code }) => code));
  expect(Object.keys(CODES).filter((code) => !named.has(code) && !OF_LIBRARIES.includes(code))).toEqual([]);
  // Codes of the operating system and of databases are not ours.
  expect(thrown.filter(({ code }) => !(code in CODES) && !/^E[A-Z]+$|^\d/.test(code))).toEqual([]);
});

test('what is in the extensions of an error is in the catalogue', () => {
  const undocumented = thrown
    .filter(({ code }) => code in ERROR_CODES)
    .flatMap(({ file, code, extensions }) =>
      extensions.filter((name) => CODES[code]?.extensions?.includes(name) !== true).map((name) => [file, code, name]),
    );
  expect(undocumented).toEqual([]);
});

test('docs/errors.md is current (npm run schema)', () => {
  const page = readFileSync('docs/errors.md', 'utf8');
  expect(page).toBe(withTables(page));
  for (const code of Object.keys(CODES)) expect(page).toContain(`| \`${code}\` |`);
});

test('an error about a range has the bounds and the value', () => {
  const extensionsOf = (check: () => unknown): unknown => {
    try {
      return check();
    } catch (error) {
      return (error as ServiceError).extensions;
    }
  };
  const bounds = { min: 1, max: 20 };
  const expected = { code: 'BAD_USER_INPUT', field: 'input[0].steps', ...bounds };
  expect(extensionsOf(() => requireInRange(50, bounds, 'input[0].steps'))).toEqual({ ...expected, value: 50 });
  expect(extensionsOf(() => requireLength([], bounds, 'input[0].steps', 'steps'))).toEqual({ ...expected, value: 0 });
  expect(outOfRange('f', 'is odd', { ...bounds, value: 3 })).toBeInstanceOf(ServiceError);
});
