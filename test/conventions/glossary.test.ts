/** GLOSSARY.md bans names, and the code keeps to it. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import ts from 'typescript';
import { sourceFiles } from '../support/sourceFiles.js';

interface Ban {
  readonly banned: string;
  readonly use: string;
}

const FILE_NAME = /\.(ts|py)$/;

/** The names in backticks in the "Not" column, except the deprecated aliases, which stay readable. */
function bansOf(glossary: string): readonly Ban[] {
  const rows = glossary.split('\n').filter((line) => line.startsWith('|'));
  return rows
    .map((row) => row.split('|').map((cell) => cell.trim()))
    .flatMap(([, use = '', not = '']) =>
      [...not.matchAll(/`([^`]+)`(?! \(alias\))/g)].map(([, banned = '']) => ({ banned, use })),
    );
}

/** The identifiers of a TypeScript file, without strings and comments. */
function identifiersOfTypeScript(text: string): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) names.add(node.text.replace(/^#/, ''));
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('file.ts', text, ts.ScriptTarget.Latest));
  return names;
}

/** The identifiers of a Python file, without strings and comments. */
function identifiersOfPython(text: string): ReadonlySet<string> {
  const code = text.replace(/"""[^]*?"""|'''[^]*?'''|"(\\.|[^"\\\n])*"|'(\\.|[^'\\\n])*'|#.*/g, ' ');
  return new Set(code.match(/[A-Za-z_]\w*/g));
}

const bans = bansOf(readFileSync('GLOSSARY.md', 'utf8'));
const files = [...sourceFiles('src'), ...sourceFiles('training/defectdiffu')];
const identifiers = files.map((file) => {
  const text = readFileSync(file, 'utf8');
  return { file, names: file.endsWith('.ts') ? identifiersOfTypeScript(text) : identifiersOfPython(text) };
});

test('names in backticks are banned; aliases and plain words are not', () => {
  expect(bansOf('| Use | Not |\n| a | `B`, `c.ts`, `d` (alias), e |')).toEqual([
    { banned: 'B', use: 'a' },
    { banned: 'c.ts', use: 'a' },
  ]);
});

test('identifiers are found outside strings and comments', () => {
  const typeScript = '// a\nconst b = { c: `d ${e}` }; /* f */ class G { #h = "i"; }';
  expect([...identifiersOfTypeScript(typeScript)].join('')).toBe('bceGh');
  const python = '"""a"""\nb = f("c # d", e)  # g\n';
  expect([...identifiersOfPython(python)].join('')).toBe('bfe');
});

test('the glossary bans names', () => {
  expect(bans.length).toBeGreaterThan(10);
});

test.each(bans.filter(({ banned }) => FILE_NAME.test(banned)))(
  'no file is called $banned: use "$use"',
  ({ banned }) => {
    expect(files.filter((file) => basename(file) === banned)).toEqual([]);
  },
);

test.each(bans.filter(({ banned }) => !FILE_NAME.test(banned)))(
  'nothing is called $banned: use "$use"',
  ({ banned }) => {
    expect(identifiers.filter(({ names }) => names.has(banned)).map(({ file }) => file)).toEqual([]);
  },
);
