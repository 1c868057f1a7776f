/** What is said of a data set, with the bounds of `defectdiffu-train check`. */
import { readFileSync } from 'node:fs';
import { MAX_DATA_SET_FINDINGS, dataSetFindings, photographFindings } from '../../src/dataSets/findings.js';

const SIZE = { width: 400, height: 300 };
const kinds = (found: readonly { kind: string }[]): string[] => found.map(({ kind }) => kind);

test('a mask that marks most of the photograph and of its border may be inverted', () => {
  const of = (areaFraction: number, borderFraction: number | null) =>
    kinds(photographFindings(SIZE, { areaFraction, borderFraction }));
  expect(of(0.51, 0.7)).toEqual(['MASK_MAY_BE_INVERTED']);
  expect(of(0.5, 1)).toEqual([]);
  expect(of(0.9, 0.69)).toEqual([]);
  // A mask of an older version, whose border is not known.
  expect(of(0.9, null)).toEqual([]);
});

test('a defect that covers little of a window is tiny, and a small photograph is said to be', () => {
  // 2 % of a window of 128 pixels are 328.
  const of = (pixels: number, size = SIZE) =>
    photographFindings(size, { areaFraction: pixels / (size.width * size.height), borderFraction: 0 });
  expect(of(328)).toEqual([]);
  expect(of(100).map(({ message }) => message)).toEqual([
    'the defect covers 0.61% of a window of 128 pixels, should be at least 2%: make the window smaller',
  ]);
  expect(photographFindings({ width: 400, height: 127 }, null).map(({ message }) => message)).toEqual([
    'is smaller than the window, 128 pixels',
  ]);
});

let sources = 0;
const newSource = (): string => String(sources++);

test('groups with few photographs to learn from, or none to test on, are named by what the model reads', () => {
  const many = (product: string, defect: string | null, train: number, test: number) => [
    ...Array.from({ length: train }, () => ({ product, defect, split: 'TRAIN' as const, source: newSource() })),
    ...Array.from({ length: test }, () => ({ product, defect, split: 'TEST' as const, source: newSource() })),
  ];
  const all = [...many('tile', null, 20, 1), ...many('tile', 'crack', 9, 1), ...many('cog', 'dent', 10, 0)];
  expect(dataSetFindings(all).map(({ message }) => message)).toEqual([
    'tile/crack: 9 photograph(s) to learn from, should be at least 10',
    'cog/good: 0 photograph(s) to learn from, should be at least 20',
    'cog/dent: no photograph is for testing, so that nothing can be measured on it',
  ]);
});

test('of very many products, the first findings are kept', () => {
  const products = Array.from({ length: 5000 }, (_, i) => ({ product: `tile ${String(i)}`, defect: 'crack' }));
  const found = dataSetFindings(products.map((one) => ({ ...one, split: 'TRAIN' as const, source: newSource() })));
  expect(found).toHaveLength(MAX_DATA_SET_FINDINGS);
  expect(found[0]?.message).toMatch(/^tile 0\/good: 0 /);
});

test('the bounds are those of the training package', () => {
  const python = (file: string): string => readFileSync(`training/defectdiffu/data/${file}`, 'utf8');
  expect(python('record_checks.py')).toContain('MUCH, BORDER = 0.5, 0.7 ');
  expect(python('dataset_lint.py')).toContain('MIN_DEFECTIVE, MIN_NORMAL = 10, 20 ');
  expect(python('window_advice.py')).toContain('MIN_DEFECT_SHARE, MAX_DEFECT_SHARE = 0.02,');
  expect(python('windows.py')).toContain('window: Side = 128 ');
});
