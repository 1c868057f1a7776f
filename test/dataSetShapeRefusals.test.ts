/** What CVAT, Severstal, Pascal VOC, and labelme wrote and cannot be read, or would be read wrongly, is refused by name. */
import { cvatImage, cvatOf } from './support/annotatedLayouts.js';
import { HEIGHT, WIDTH, labelme, picture } from './support/annotations.js';
import { importProduct, problemsOf } from './support/dataSets.js';
import { zipOf } from './support/models.js';
import { claiming, photograph } from './support/photographs.js';
import type { Server } from './support/server.js';
import { startServer } from './support/server.js';

let server: Server;
beforeAll(async () => {
  server = await startServer();
  await importProduct(server, 'DIAL 7', 'dial', 'NCK', 'nick');
});

const problems = async (entries: Record<string, string | Buffer>): Promise<string> =>
  (await problemsOf(server, await zipOf(entries))).join('\n');

const ELLIPSE = '<ellipse label="nick" cx="20" cy="20" rx="5" ry="5"/>';

test.each([
  ['a box', cvatOf(cvatImage('a.png', '<box label="nick" xtl="1"/>')), 'dial/a.png: has a box, which does not say'],
  ['a line', cvatOf(cvatImage('a.png', '<polyline label="nick"/>')), 'a.png: has a polyline, which has no area'],
  ['no label', cvatOf(cvatImage('a.png', '<ellipse cx="1"/>')), 'a.png: cannot be read: the label of a shape must be'],
  [
    'no number',
    cvatOf(cvatImage('a.png', ELLIPSE.replace('"5"', '"five"'))),
    'a.png: cannot be read: rx of a shape must be numbers',
  ],
  ['no area', cvatOf(cvatImage('a.png', ELLIPSE.replace('"5"', '"0"'))), 'a.png: has an ellipse without area'],
  [
    'a mask that does not fit',
    cvatOf(cvatImage('a.png', '<mask label="nick" rle="0,4" left="47" top="0" width="2" height="2"/>')),
    'its annotation in dial/annotations.xml has a mask of 2 × 2 pixels at 47, 0, which does not fit into 48 × 40',
  ],
  [
    'a mask that is not full',
    cvatOf(cvatImage('a.png', '<mask label="nick" rle="0,3" left="0" top="0" width="2" height="2"/>')),
    'a.png: has runs of 3 pixels for a mask of 2 × 2',
  ],
  [
    'an attribute of 80 kB',
    cvatOf(
      cvatImage('a.png', `<mask label="nick" rle="${'1,'.repeat(40_000)}0" left="0" top="0" width="2" height="2"/>`),
    ),
    'a.png: has runs of 40000 pixels for a mask of 2 × 2',
  ],
  [
    'ellipses without end',
    cvatOf(cvatImage('a.png', ELLIPSE.replaceAll('"5"', '"50"').repeat(10_001))),
    'has outlines that cross 400040 rows of pixels; at most 400000 are allowed',
  ],
  [
    'several defects',
    cvatOf(cvatImage('a.png', ELLIPSE + ELLIPSE.replace('nick', 'dust'))),
    'several defects, "dust", "nick"',
  ],
  ['another photograph', cvatOf(cvatImage('b.png', ELLIPSE)), 'annotations.xml: there is no photograph "b.png"'],
  ['no photograph', cvatOf(''), 'dial/a.png: CVAT does not list it: export its task too, or remove it'],
  ['a video', cvatOf('<track id="0"/>'), 'annotations.xml: is of a video; export the task as "CVAT for images"'],
  ['a document type', `<!DOCTYPE a [<!ENTITY b "c">]>${cvatOf('')}`, 'line 1: it has a DOCTYPE'],
  ['an entity', cvatOf(cvatImage('&b;.png', '')), 'line 6: Invalid character entity'],
  ['an open element', cvatOf('<image>'), 'annotations.xml: is no XML that is read, from line '],
  ['tags without end', cvatOf('<a/>'.repeat(400_001)), 'annotations.xml: has more than 400000 tags: divide it'],
  ['an open comment', cvatOf('<!-- '), 'annotations.xml: is no XML that is read, from line '],
  ['a broken tag', cvatOf('<image name=a.png/>'), 'annotations.xml: is no XML that is read, from line '],
])('CVAT with %s is refused, by name', async (_, document, problem) => {
  expect(await problems({ 'dial/annotations.xml': document, 'dial/a.png': await picture(1) })).toContain(problem);
});

const TABLE = 'ImageId,ClassId,EncodedPixels\n';

test('Severstal: lines of other photographs, runs that end outside, and lists that are none', async () => {
  const entries = { 'dial/train_images/a.png': await picture(1), 'dial/a.png': await picture(2) };
  expect(await problems({ ...entries, 'dial/train.csv': `${TABLE}b.png,1,1 2\nc.png,1,1 2\n` })).toBe(
    [
      'dial/a.png: is not where Severstal has photographs: train_images, beside train.csv',
      'dial/train.csv: names 2 photographs that are not in train_images, "b.png", "c.png": keep the lines of those that you pack',
    ].join('\n'),
  );
  const one = { 'dial/train_images/a.png': await picture(1) };
  const end = WIDTH * HEIGHT;
  expect(await problems({ ...one, 'dial/train.csv': `${TABLE}a.png,1,${String(end)} 2\n` })).toContain(
    `a.png: its annotation in dial/train.csv has a run that ends after the ${String(end)} pixels of the photograph`,
  );
  expect(await problems({ ...one, 'dial/train.csv': `${TABLE}a.png,1,0 2\n` })).toBe(
    'dial/train.csv: line 2 is no list of runs, which are pairs of a start from 1 and a length',
  );
});

test.each(['', ' verified="yes"'])('Pascal VOC is refused, because it has boxes%s', async (verified) => {
  const document = `<annotation${verified}><object><name>nick</name><bndbox><xmin>1</xmin></bndbox></object></annotation>`;
  expect(await problems({ 'dial/Annotations/a.xml': document, 'dial/JPEGImages/a.png': await picture(1) })).toContain(
    'dial/Annotations/a.xml: is of Pascal VOC, and has a box, which does not say which of its pixels are',
  );
});

test('masks of labelme that are no PNG, or larger than their photograph', async () => {
  const shape = (mask: Buffer): string =>
    labelme({ label: 'nick', shape_type: 'mask', points: [[1, 1]], mask: mask.toString('base64') });
  const jpeg = await photograph(1).jpeg().toBuffer();
  const image = await picture(1);
  expect(await problems({ 'dial/a.png': image, 'dial/a.json': shape(jpeg) })).toContain('has a mask that is no PNG');
  expect(await problems({ 'dial/a.png': image, 'dial/a.json': shape(claiming(30_000, 30_000)) })).toMatch(
    /a mask (that cannot be read as a PNG|of 30000 × 30000 pixels at 1, 1, which does not fit into 48 × 40)/,
  );
});

test('labelme: one photograph in two files, and a file of none', async () => {
  const named = (imagePath: string): string => JSON.stringify({ ...(JSON.parse(labelme()) as object), imagePath });
  expect(
    await problems({
      'dial/a.png': await picture(1),
      'dial/a.json': labelme(),
      'dial/other/b.json': named('../a.png'),
      'dial/other/c.json': named('../c.png'),
    }),
  ).toBe(
    [
      'dial/other/c.json: there is no photograph for this annotation, nor is there "../c.png"; remove it, or add the photograph',
      'dial/a.png: is described more than once, in dial/a.json too: keep one',
    ].join('\n'),
  );
});

test('an annotation of a photograph that EXIF turns is refused: it is not clear whether it is turned too', async () => {
  const turned = await photograph(1, WIDTH, HEIGHT).withMetadata({ orientation: 3 }).jpeg().toBuffer();
  expect(await problems({ 'dial/a.jpg': turned, 'dial/a.json': labelme() })).toContain(
    'dial/a.jpg: has EXIF orientation 3, and it is not clear whether its annotation is turned too',
  );
});
