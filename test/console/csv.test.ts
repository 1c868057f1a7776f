/** What the console reads in CSV files as spreadsheets and people write them. */
import { decodeCsv, readCsv } from '../../console/src/catalog/readCsv.js';

const problemsOf = (content: string): string[] =>
  readCsv(content).problems.map(({ text, line, value }) => `${String(line)} ${text} ${value}`.trim());
const bytesOf = (...parts: readonly Buffer[]): ArrayBuffer => Uint8Array.from(Buffer.concat(parts)).buffer;

test.each([
  ['UTF-8', bytesOf(Buffer.from('Prüfteil, groß'))],
  ['UTF-8 with a mark', bytesOf(Buffer.from('\uFEFFPrüfteil, groß'))],
  ['the encoding of Windows', bytesOf(Buffer.from('Prüfteil, groß', 'latin1'))],
  ['UTF-16', bytesOf(Buffer.from([0xff, 0xfe]), Buffer.from('Prüfteil, groß', 'utf16le'))],
])('letters beyond ASCII are read in %s', (_encoding, bytes) => {
  expect(decodeCsv(bytes)).toBe('Prüfteil, groß');
});

test('the separator, blanks, and the case of the columns are as the file has them', () => {
  expect(readCsv('Name;PARTNUMBER ; promptname\r\n"Blech; ""groß""";A-1;tin\r\n;A-2;\r\n')).toEqual({
    kind: 'products',
    rows: [
      { line: 2, code: 'A-1', name: 'Blech; "groß"', promptName: 'tin' },
      { line: 3, code: 'A-2' },
    ],
    problems: [],
  });
});

test.each([',', ';', '\t'])('a file of two lines and an empty one has its separator: %j', (separator) => {
  const content = [`partNumber${separator}name`, `A-1${separator}sheet`, ''].join('\r\n');
  expect(readCsv(content).rows).toEqual([{ line: 2, code: 'A-1', name: 'sheet' }]);
});

test('a line is that of the file, with blank lines and fields of several lines', () => {
  expect(problemsOf('code,name\n\n\nK1,"two\nlines"\n,none\nK1,again\n')).toEqual(['6 noCode code', '7 twice K1']);
});

test('a quote that is never closed is a problem, and does not swallow the rest', () => {
  expect(problemsOf('partNumber,name\nB-1,one\nB-2,"never closed\nB-3,three\n')).toEqual(['3 quote']);
});

test('a name that a separator cuts off is a problem, and empty fields at the end are not', () => {
  expect(problemsOf('partNumber,name\nC-1,Blech, groß\nC-2,two,,\nC-3\n')).toEqual(['2 tooManyFields groß']);
});

test('codes that the service takes for the same are in the file twice', () => {
  expect(problemsOf('partNumber\nPr\u00fcf\nPru\u0308f\n A\u00a0b\nA b\n')).toEqual(['3 twice Prüf', '5 twice A b']);
});

test.each([
  ['noColumn', 'PartNo,name\nA,b\n'],
  ['noColumn', ''],
  ['bothColumns', 'partNumber,code\nA,b\n'],
  ['empty', 'partNumber,name\n\n'],
])('a file that cannot be imported at all says so: %s', (text, content) => {
  expect(problemsOf(content)).toEqual([`1 ${text}`]);
});
