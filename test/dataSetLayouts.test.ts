/** Archives in published layouts become data sets, with the photographs, masks, and splits that the training package reads. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { ANNOTATED_FIXTURES } from './support/annotatedLayouts.js';
import { HEIGHT, WIDTH } from './support/annotations.js';
import { sendArchive } from './support/dataSets.js';
import { bytesAt } from './support/generations.js';
import type { Expected, LayoutFixture } from './support/layouts.js';
import { FOLDER_FIXTURES, isIn } from './support/layouts.js';
import { zipOf } from './support/models.js';
import { pythonWith, runPython } from './support/python.js';
import type { Json, Server } from './support/server.js';
import { newFolder, startServer } from './support/server.js';

const python = pythonWith('defectdiffu', 'numpy', 'pyvips');
const wherePythonIs = python === undefined ? test.skip : test;

let server: Server;
beforeAll(async () => {
  server = await startServer();
});

const codeOf = (name: string): string => name.toUpperCase();

async function importNames(photographs: readonly Expected[]): Promise<void> {
  const products = [...new Set(photographs.map(({ product }) => product))];
  const defects = [...new Set(photographs.flatMap(({ defect }) => defect ?? []))];
  const named = (name: string) => ({ name, promptName: name.replaceAll('_', ' ').toLowerCase() });
  const input = {
    products: products.map((name) => ({ partNumber: codeOf(name), ...named(name) })),
    defects: defects.map((name) => ({ code: codeOf(name), ...named(name) })),
  };
  await server.data('mutation ($input: ImportCatalogInput!) { importCatalog(input: $input) { warnings { field } } }', {
    input,
  });
}

const MEMBERS = `query ($id: ID!) { dataSet(id: $id) { testShare members(first: 100) { edges { node {
  split product { partNumber } defect { code } reference { name mask { image { url } } } } } } } }`;

/** What has become of the photographs, with the places of the marked pixels. */
async function imported({ files, photographs, partNumber }: LayoutFixture): Promise<Record<string, Json>> {
  const { status, body, dataSet } = await sendArchive(
    server,
    await zipOf(files),
    partNumber === undefined ? {} : { partNumber },
  );
  expect([status, body.errors]).toEqual([201, undefined]);
  const { testShare, members } = (await server.data(MEMBERS, { id: dataSet.id })).dataSet;
  const found: Record<string, Json> = {};
  for (const { node } of members.edges) {
    const { name, mask } = node.reference;
    // The folder that holds everything is no part of the name.
    const file = Object.keys(photographs).find((one) => one === name || one.endsWith(`/${String(name)}`));
    found[file ?? name] = {
      product: node.product.partNumber,
      defect: node.defect?.code ?? null,
      marked: mask === null ? [] : await markedIn(mask.image.url as string),
      split: testShare === null ? node.split : null,
    };
  }
  return found;
}

async function markedIn(url: string): Promise<number[]> {
  const { data, info } = await sharp(await bytesAt(url))
    .extractChannel(0)
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([WIDTH, HEIGHT]);
  return [...data.keys()].filter((i) => data[i] === 255);
}

/** As the service and the training package tell it, without the folder that holds everything. */
function asCodes(photographs: Readonly<Record<string, Json>>): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(photographs).map(([name, { product, defect, ...more }]) => [
      name,
      { product: codeOf(product as string), defect: defect === null ? null : codeOf(defect as string), ...more },
    ]),
  );
}

function expectedOf(photographs: Readonly<Record<string, Expected>>): Record<string, Json> {
  const pixels = Array.from({ length: WIDTH * HEIGHT }, (_, i) => i);
  return Object.fromEntries(
    Object.entries(photographs).map(([name, { product, defect, marked = [], split = null, inside }]) => {
      const isMarked = inside ?? ((x: number, y: number) => isIn(marked, x, y));
      return [
        name,
        { product, defect, marked: pixels.filter((i) => isMarked(i % WIDTH, Math.floor(i / WIDTH))), split },
      ];
    }),
  );
}

describe.each(Object.entries({ ...FOLDER_FIXTURES, ...ANNOTATED_FIXTURES }))('%s', (_, make) => {
  let fixture: LayoutFixture;
  beforeAll(async () => {
    fixture = await make();
    await importNames(Object.values(fixture.photographs));
  });

  test('becomes a data set, with every photograph, mask, and split', async () => {
    expect(await imported(fixture)).toEqual(asCodes(expectedOf(fixture.photographs)));
  });

  wherePythonIs('is read alike by the training package', async () => {
    const folder = join(newFolder(), 'source');
    for (const [name, content] of Object.entries(fixture.files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
    const more = fixture.partNumber === undefined ? [] : [fixture.partNumber];
    const read = await runPython(python ?? '', 'test/support/readLayout.py', folder, ...more);
    expect(read).toEqual(expectedOf(fixture.photographs));
  });
});
