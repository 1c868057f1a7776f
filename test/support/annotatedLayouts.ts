/** Small data sets with annotations of tools, as archives: what the fixtures of `layouts.ts` are for published layouts. */
import { HEIGHT, WIDTH, labelme, picture } from './annotations.js';
import type { LayoutFixture } from './layouts.js';
import { OTHER, SQUARE } from './layouts.js';
import { grey } from './photographs.js';

const good = (product: string) => ({ product, defect: null });
const bad = (product: string) => ({ product, defect: 'nick' });

/** Down the columns, from 1. */
function startedRuns({ left, top, side } = SQUARE): string {
  return Array.from({ length: side }, (_, i) => `${String((left + i) * HEIGHT + top + 1)} ${String(side)}`).join(' ');
}

async function severstal(table: (name: string, kind: string, runs: string) => string): Promise<LayoutFixture> {
  const [head, ...rows] = [
    table('ImageId', 'ClassId', 'EncodedPixels'),
    table('c.png', '3', startedRuns()),
    table('c.png', '3', startedRuns(OTHER)),
    table('b.png', '1', ''),
  ];
  return {
    partNumber: 'SHEET',
    files: {
      'steel/train.csv': `\uFEFF${[head, ...rows].join('\r\n')}\r\n`,
      'steel/train_images/a.png': await picture(1),
      'steel/train_images/b.png': await picture(2),
      'steel/train_images/c.png': await picture(3),
      'steel/test_images/z.png': await picture(4),
      'steel/sample_submission.csv': 'ImageId,EncodedPixels,ClassId\n',
    },
    photographs: {
      'steel/train_images/a.png': good('SHEET'),
      'steel/train_images/b.png': good('SHEET'),
      'steel/train_images/c.png': { product: 'SHEET', defect: 'defect_3', marked: [SQUARE, OTHER] },
    },
  };
}

const corners = ({ left, top, side } = SQUARE): (readonly [number, number])[] => [
  [left, top],
  [left + side, top],
  [left + side, top + side],
  [left, top + side],
];

const TURN = (30 * Math.PI) / 180;
const isInEllipse = (x: number, y: number): boolean => {
  const [dx, dy] = [x + 0.5 - 24, y + 0.5 - 20];
  const [along, across] = [dx * Math.cos(TURN) + dy * Math.sin(TURN), dy * Math.cos(TURN) - dx * Math.sin(TURN)];
  return (along / 15) ** 2 + (across / 6) ** 2 <= 1;
};
const isInCircle = (x: number, y: number): boolean => Math.hypot(x + 0.5 - 20, y + 0.5 - 20) <= 5;

export const cvatOf = (images: string): string =>
  `<?xml version="1.0" encoding="utf-8"?>\n<!-- <image name="no"> -->\n<annotations>\n<version>1.1</version>\n` +
  `<meta><task><labels><label><name>nick &amp; dent</name></label></labels></task></meta>\n${images}</annotations>\n`;

export const cvatImage = (name: string, shapes: string, more = ''): string =>
  `<image id="0" name="${name}" ${more} width="${String(WIDTH)}" height='${String(HEIGHT)}'>${shapes}</image>\n`;

async function cvat(): Promise<LayoutFixture> {
  const { left, top, side } = OTHER;
  const polygon = `<polygon label="nick" source="manual" points="${corners()
    .map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`)
    .join(';')}"><attribute name="points">deep</attribute></polygon>`;
  const mask = `<mask label="nick" rle="2, ${String(side * side - 2)}" left="${String(left)}" top="${String(top)}" width="${String(side)}" height="${String(side)}"/>`;
  return {
    partNumber: 'DIAL',
    files: {
      'annotations.xml': cvatOf(
        cvatImage('a.png', '', 'subset="Train"') +
          cvatImage('sub/b.png', polygon, 'subset="Train"') +
          cvatImage('c&#46;png', mask, 'subset="Test"') +
          cvatImage('d.png', '<ellipse label="nick" cx="24" cy="20" rx="15" ry="6" rotation="30"/>', 'subset="Test"'),
      ),
      'images/a.png': await picture(1),
      'images/sub/b.png': await picture(2),
      'images/c.png': await picture(3),
      'images/d.png': await picture(4),
    },
    photographs: {
      'images/a.png': { ...good('DIAL'), split: 'TRAIN' },
      'images/sub/b.png': { ...bad('DIAL'), marked: [SQUARE], split: 'TRAIN' },
      'images/c.png': {
        ...bad('DIAL'),
        inside: (x, y) => x >= left + (y === top ? 2 : 0) && x < left + side && y >= top && y < top + side,
        split: 'TEST',
      },
      'images/d.png': { ...bad('DIAL'), inside: isInEllipse, split: 'TEST' },
    },
  };
}

async function labelmeShapes(): Promise<LayoutFixture> {
  const { left, top, side } = OTHER;
  const square = await grey(() => 255, side, side)
    .png()
    .toBuffer();
  const ends = [[left, top], [left + side - 1, top + side - 1]]; // prettier-ignore
  const apart = JSON.parse(labelme({ label: 'nick', points: corners() })) as object;
  return {
    partNumber: 'WHEEL',
    files: {
      'good/a.png': await picture(1),
      'b.png': await picture(2),
      'b.json': labelme({ label: 'nick', shape_type: 'circle', points: [[20, 20], [23, 24]] }), // prettier-ignore
      'c.png': await picture(3),
      'c.json': labelme({ label: 'nick', shape_type: 'mask', points: ends, mask: square.toString('base64') }),
      'photographs/d.png': await picture(4),
      'annotations/d.json': JSON.stringify({ ...apart, imagePath: '..\\photographs\\d.png' }),
    },
    photographs: {
      'good/a.png': good('WHEEL'),
      'b.png': { ...bad('WHEEL'), inside: isInCircle },
      'c.png': { ...bad('WHEEL'), marked: [OTHER] },
      'photographs/d.png': { ...bad('WHEEL'), marked: [SQUARE] },
    },
  };
}

export const ANNOTATED_FIXTURES: Readonly<Record<string, () => Promise<LayoutFixture>>> = {
  Severstal: () => severstal((...fields) => fields.join(',')),
  'Severstal, the first version': () =>
    severstal((name, kind, runs) => (name === 'ImageId' ? `ImageId_ClassId,${runs}` : `${name}_${kind},"${runs}"`)),
  'CVAT for images': cvat,
  'circles and masks of labelme, and files apart': labelmeShapes,
};
