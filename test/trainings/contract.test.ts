/** The service's side of the contract with the training package; the other side is training/tests/test_work.py. */
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { readLines } from '../../src/trainings/trainer/readLines.js';
import { createLineParser } from '../../src/trainings/trainer/trainingLine.js';
import { trainingRequest } from '../../src/trainings/trainer/trainingRequest.js';
import { requireFewWords, trainableName } from '../../src/trainings/trainableNames.js';

const schemaOf = (name: string): object => JSON.parse(readFileSync(`models/${name}.schema.json`, 'utf8')) as object;
const isRequest = new Ajv({ strict: false, allErrors: true })
  .addSchema(schemaOf('bundle'), 'bundle.schema.json')
  .compile(schemaOf('training-request'));

const base = '/models/tiny/1.0.0';
const source = { dataSet: 'data set parts, version 2', products: ['brass cog', 'größe 3'] };

function requestOf(settings: object = {}): object {
  const usual = { windows: [], description: '', license: 'CC0-1.0', terms: 'any', seed: null, rank: 16 };
  const named = { kind: 'ADAPTER', name: 'parts', version: '1.0.0', minutes: 0.1 } as const;
  return trainingRequest({ ...named, settings: { ...usual, ...settings } }, base, source, '/data/id', 0);
}

test.each([
  {},
  { seed: 7, rank: 64 },
  { measureDetectors: true },
  { rank: null },
  { windows: [{ partNumber: 'A', product: 'größe 3' }] },
  { windows: [{ partNumber: 'A', product: 'a "b"', window: 8, flips: 'NONE', quarterTurns: true, zoom: 0.9 }] },
  { windows: ['BOTH', 'LEFT_RIGHT', 'UP_DOWN'].map((flips, i) => ({ partNumber: '', product: String(i), flips })) },
])('the request fits its schema: %j', (settings) => {
  isRequest(requestOf(settings));
  expect(isRequest.errors).toBeNull();
});

test('the schema is not a formality', () => {
  expect(isRequest({ ...requestOf(), minutes: 0 })).toBe(false);
  expect(isRequest(requestOf({ rank: 65 }))).toBe(false);
});

test.each([
  ['no JSON', 'a line is not JSON: no JSON'],
  ['{"type":"phase","phase":"adapter"}', 'a line does not fit the contract'],
  ['{"type":"error","code":"SOMETHING","message":"x"}', 'a line does not fit the contract'],
  ['{"type":"note","message":"x","more":1}', 'a line does not fit the contract'],
])('a line that the contract does not have is refused: %s', (line, message) => {
  expect(() => createLineParser()(line)).toThrow(message);
});

async function linesOf(chunks: readonly string[], lineBytes = 10, totalBytes = 100): Promise<string[]> {
  async function* stream(): AsyncIterableIterator<Buffer> {
    for (const chunk of chunks) yield Buffer.from(chunk, 'latin1');
  }
  const lines: string[] = [];
  for await (const line of readLines(stream(), { lineBytes, totalBytes })) lines.push(line);
  return lines;
}

test('lines are what they are however the pipe cuts them, and a last one without an end is none', async () => {
  expect(await linesOf(['a\nb', 'c\n', '\n', 'GrÃ', '¶Ã\u009fe\nrest'])).toEqual(['a', 'bc', '', 'Größe']);
});

test('a line, or all of them, may not be too long', async () => {
  await expect(linesOf(['x'.repeat(11)])).rejects.toThrow('a line has more than 10 bytes');
  await expect(linesOf([`${'x'.repeat(11)}\n`])).rejects.toThrow('a line has more than 10 bytes');
  await expect(linesOf(Array<string>(21).fill('four\n'))).rejects.toThrow('more than 100 bytes were written');
});

test.each([
  ['product', 'brass cog', 'brass cog'],
  ['product', 'Brass_Cog', 'brass cog'],
  ['product', ' ../etc/passwd', 'etc passwd'],
  ['product', 'A\u200bB', 'ab'],
  ['product', 'Größe 3', 'größe 3'],
  ['product', 'train', undefined],
  ['product', 'Manifest.csv', undefined],
  ['product', '..', undefined],
  ['defect', 'Good', undefined],
  ['defect', 'good luck', 'good luck'],
  ['defect', 'x'.repeat(201), undefined],
] as const)('%s %j can be learnt as %j', (kind, promptName, name) => {
  expect(trainableName(kind, promptName)).toBe(name);
});

test('a model that would have more words than one can be published with is not trained', () => {
  const words = (count: number) => new Set(Array.from({ length: count }, (_, i) => `word ${String(i)}`));
  requireFewWords(words(10), words(200), 'dataSetId');
  for (const [products, defects, problem] of [
    [201, 1, '201 products; a model knows at most 200'],
    [1, 201, '201 defects; a model knows at most 200'],
    [41, 49, '2009 combinations of a product and a defect; a model knows at most 2000'],
  ] as const)
    expect(() => requireFewWords(words(products), words(defects), 'dataSetId')).toThrow(
      `dataSetId: the data set has ${problem}`,
    );
});
