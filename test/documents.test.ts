/** The documents: links, anchors, and paths resolve, lines are short, and each says whom it is for. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { buildSchema, parse, specifiedRules, validate } from 'graphql';

const MAX_COLUMNS = 120;
const markdownIn = (folder: string, recursive: boolean): string[] =>
  readdirSync(folder, { recursive, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
const files = [
  ...markdownIn('.', false),
  ...markdownIn('docs', true),
  'models/README.md',
  'test/photographs/README.md',
  ...markdownIn('examples', true),
];
const documents = new Map(files.map((file) => [file, readFileSync(file, 'utf8')]));
const withoutCode = (text: string): string => text.replaceAll(/^```[^]*?^```$/gm, '');

/** The anchors that a Markdown renderer gives to the headings. */
function anchorsOf(text: string): string[] {
  const headings = [...withoutCode(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

test('README, the top-level documents, and docs/ are there', () => {
  expect([...documents.keys()]).toEqual(
    expect.arrayContaining(['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md']),
  );
  expect(documents.size).toBeGreaterThan(20);
});

test.each([...documents])('%s: every relative link and anchor resolves', (file, text) => {
  const links = [...withoutCode(text).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link = '']) => link);
  const broken = links.filter((link) => {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? file : normalize(join(dirname(file), path));
    if (!existsSync(target)) return true;
    return anchor !== undefined && target.endsWith('.md') && !anchorsOf(documents.get(target) ?? '').includes(anchor);
  });
  expect(broken).toEqual([]);
});

test.each([...documents])('%s: the lines of its prose have at most 120 columns', (file, text) => {
  const lines = withoutCode(text).split('\n');
  const tooLong = lines.filter((line) => line.length > MAX_COLUMNS && (file === 'README.md' || !line.startsWith('|')));
  expect(tooLong).toEqual([]);
});

test.each([...documents])('%s: its top says whom it is for', (_, text) => {
  expect(text.split('\n\n')[1]).toMatch(/^_?For /);
});

test.each([...documents])('%s: the files of code that it names exist', (_, text) => {
  const named = [...withoutCode(text).matchAll(/`([\w.-]+\/[\w./-]+\.(?:ts|py))`/g)].map(([, path = '']) => path);
  const roots = ['.', 'src', 'training/defectdiffu'];
  const elsewhere = ['clip/clip.py']; // of openai/CLIP
  const unknown = named.filter((path) => !roots.some((root) => existsSync(join(root, path))));
  expect(unknown.filter((path) => !elsewhere.includes(path))).toEqual([]);
});

test.each([...documents])('%s: its GraphQL examples are valid', (_, text) => {
  const schema = buildSchema(readFileSync('schema.graphql', 'utf8'));
  // An example may show several operations in one block.
  const rules = specifiedRules.filter(({ name }) => name !== 'LoneAnonymousOperationRule');
  const examples = [...text.matchAll(/^```graphql$([^]*?)^```$/gm)].map(([, example = '']) => example);
  expect(examples.flatMap((example) => validate(schema, parse(example), rules))).toEqual([]);
});

test('the index of the decision records has each of them once', () => {
  const index = documents.get('docs/decisions/README.md') ?? '';
  const records = readdirSync('docs/decisions').filter((name) => name !== 'README.md');
  expect([...index.matchAll(/\]\((.*?)\)/g)].map(([, name]) => name)).toEqual(records.sort());
});

test('README has at most 150 lines', () => {
  expect(documents.get('README.md')?.trimEnd().split('\n').length).toBeLessThanOrEqual(150);
});
