/** What is wrong with an archive of photographs is listed, and nothing of the archive is kept. */
import { ARCHIVE, problemsOf, sendArchive, tileEntries } from './support/dataSets.js';
import { zipOf } from './support/models.js';
import { grey, photograph } from './support/photographs.js';
import type { Server } from './support/server.js';
import { startServer } from './support/server.js';
import { storedBy, storedFiles } from './support/uploads.js';

let server: Server;
beforeAll(async () => {
  server = await startServer({
    MAX_UPLOAD_BYTES: '200000',
    MAX_ARCHIVE_BYTES: '8000000',
    MAX_ARCHIVE_PHOTOGRAPHS: '64',
  });
});

test('everything that is wrong with the files is listed at once, by name, and nothing is kept', async () => {
  const before = await storedBy(server);
  const small = await photograph(9, 40, 40).png().toBuffer();
  const entries: Record<string, Buffer | string> = {
    ...(await tileEntries()),
    'tile/train/good/again.png': await photograph(1).png().toBuffer(),
    'tile/train/good/broken.png': 'no picture',
    'tile/test/crack/lonely.png': small,
    'tile/test/crack/small.png': small,
    'tile/ground_truth/crack/small_mask.png': await grey((x) => (x < 9 ? 255 : 0))
      .png()
      .toBuffer(),
    'tile/test/crack/smooth.png': await photograph(8).png().toBuffer(),
    'tile/ground_truth/crack/smooth_mask.png': await grey((x) => x)
      .png()
      .toBuffer(),
    'tile/ground_truth/crack/orphan_mask.png': small,
    'tile/ground_truth/crack/blurred_mask.jpg': small,
    'tile/test/crack/twin.jpg': small,
    'tile/test/crack/twin.png': small,
    'tile/test/flaw/1.png': await photograph(7).png().toBuffer(),
    'tile/ground_truth/flaw/1_mask.png': await grey((x) => (x < 9 ? 255 : 0))
      .png()
      .toBuffer(),
    'brick/test/good/1.png': await photograph(6).png().toBuffer(),
    'tile/train/crack/1.png': small,
    'tile/loose.png': small,
    'readme.txt': 'is not read',
    'tile/train/good/phone.HEIC': small,
    'manifest.csv':
      'image,split\n"tile/train/good/0.png",test\ntile/train/good/none.png,test\ntile/train/good/1.png,both\n',
  };
  expect(await problemsOf(server, await zipOf(entries))).toEqual([
    'tile/train/good/phone.HEIC: is of a type that is not read: save it as PNG, or remove it',
    'tile/loose.png: is not where the MVTec AD layout has photographs: <product>/train/good, <product>/test/<defect>, or <product>/ground_truth/<defect>',
    'tile/test/crack/lonely.png: has no mask: tile/ground_truth/crack/lonely_mask.png is missing',
    'tile/test/crack: twin.jpg, twin.png have one name, and would share a mask: rename one',
    'tile/train/crack: photographs of good parts go into train/good, and those with a defect into test/<defect>',
    'tile/ground_truth/crack/orphan_mask.png: there is no photograph for this mask; remove it, or add the photograph',
    'tile/ground_truth/crack/blurred_mask.jpg: a file of this type blurs a mask: save it as PNG',
    'manifest.csv:3: there is no photograph "tile/train/good/none.png"',
    'manifest.csv:4: the split is "both", must be train or test',
    'the folder "brick" is no product of yours: import the product with importCatalog first, with this part number or prompt name, or rename the folder',
    'the folder "flaw" is no defect of yours: import the defect with importCatalog first, with this code or prompt name, or rename the folder',
    'tile/train/good/again.png: has the pixels of tile/train/good/1.png: keep one of them',
    'tile/train/good/broken.png: is not a JPEG, PNG, WebP, TIFF, or BMP, by its first bytes',
    'tile/test/crack/small.png: is 40 × 40 pixels, but its mask is 64 × 48; send the photograph that the mask was drawn on',
    expect.stringMatching(
      /^tile\/ground_truth\/crack\/smooth_mask\.png: every pixel must be 0 or 255; there are 63 other values/,
    ),
  ]);
  expect(await storedBy(server)).toEqual(before);
});

test('a manifest may not divide photographs with the same pixels', async () => {
  const entries = await tileEntries();
  const twice = { ...entries, 'tile/test/scratch/3.jpg': entries['tile/test/crack/3.jpg'] as Buffer };
  const shape = entries['tile/ground_truth/crack/3_mask.png'] as Buffer;
  const archive = await zipOf({
    ...twice,
    'tile/ground_truth/scratch/3_mask.png': shape,
    'manifest.csv': '\uFEFFimage,note,half\r\n./tile/test/crack/3.jpg,"a, b",test\r\n',
  });
  expect(await problemsOf(server, archive)).toEqual([
    'tile/test/crack/3.jpg: is for testing and has the pixels of tile/test/scratch/3.jpg, which is for learning: list both as one',
  ]);
});

describe('an archive is refused that', () => {
  const good = (n: number): Promise<Buffer> => photograph(n).png().toBuffer();
  /** Names of the same length, in the local and the central header. */
  const renamed = async (entries: Record<string, Buffer>, from: string, to: string): Promise<Buffer> =>
    Buffer.from((await zipOf(entries)).toString('latin1').replaceAll(from, to), 'latin1');
  /** The first bit of the flags says that an entry is encrypted. */
  const encrypted = async (): Promise<Buffer> => {
    const archive = await zipOf({ 'tile/train/good/1.png': await good(1) });
    const entry = archive.indexOf(Buffer.from([0x50, 0x4b, 1, 2]));
    archive.writeUInt16LE(archive.readUInt16LE(entry + 8) | 1, entry + 8);
    return archive;
  };

  test.each<[string, () => Promise<Buffer> | Buffer, RegExp]>([
    ['is no zip', () => Buffer.from('no zip'), /^the archive is not a zip file, or only a part of one: /],
    ['is empty', () => zipOf({}), /^no photograph is in it: pack the folder that holds/],
    ['is encrypted', encrypted, /^tile\/train\/good\/1\.png is encrypted; pack the files without a password$/],
    [
      'leaves its folder',
      async () => renamed({ 'xx/tile/train/good/1.png': await good(1) }, 'xx/tile', '../tile'),
      /^cannot be read: invalid relative path: \.\.\/tile/,
    ],
    [
      'has a file twice',
      async () =>
        renamed({ 'tile/train/good/1.png': await good(1), 'tile/train/good/2.png': await good(2) }, '2.png', '1.png'),
      /^has the file "tile\/train\/good\/1\.png" twice$/,
    ],
    [
      'is a bomb in one file',
      () => zipOf({ 'tile/train/good/1.png': Buffer.alloc(200_001) }),
      /^tile\/train\/good\/1\.png: has 200001 bytes; at most 200000 are allowed$/,
    ],
    [
      'is a bomb in many',
      () =>
        zipOf(
          Object.fromEntries(
            [...Array(41).keys()].map((i) => [`tile/train/good/${String(i)}.png`, Buffer.alloc(199_999)]),
          ),
        ),
      /^its files have more than 8000000 bytes, which is the most that is read from it$/,
    ],
    [
      'has too many entries',
      () => zipOf(Object.fromEntries([...Array(357).keys()].map((i) => [`${String(i)}.txt`, Buffer.alloc(1)]))),
      /^has 357 entries; at most 356 are allowed$/,
    ],
    [
      'has too many photographs',
      () =>
        zipOf(
          Object.fromEntries([...Array(65).keys()].map((i) => [`tile/train/good/${String(i)}.png`, Buffer.alloc(1)])),
        ),
      /^has 65 photographs; at most 64 are allowed/,
    ],
    [
      'is one product without its folder',
      async () => zipOf({ 'train/good/1.png': await good(1) }),
      /^train\/good\/1\.png: has no folder of a product above it: pack the folder that holds the folder of the product$/,
    ],
    [
      'has data sets in several folders',
      async () => zipOf({ 'a/tile/train/good/1.png': await good(1), 'b/tile/train/good/2.png': await good(2) }),
      /^the products lie in several folders, "a\/", "b\/": put them into one$/,
    ],
  ])('%s', async (_, make, problem) => {
    const files = storedFiles(server);
    const problems = await problemsOf(server, await make());
    expect(problems).toEqual([expect.stringMatching(problem)]);
    expect(storedFiles(server)).toEqual(files);
  });

  test('is damaged within a photograph', async () => {
    const archive = await zipOf({ 'tile/train/good/1.png': await good(1) });
    archive.fill(0xff, 80, 120);
    expect((await problemsOf(server, archive))[0]).toMatch(
      /^tile\/train\/good\/1\.png: (cannot be unpacked|is damaged): /,
    );
  });

  test('is too large, or has no name', async () => {
    const { status, body } = await sendArchive(server, Buffer.alloc(8_000_001));
    expect([status, body.errors[0].extensions.code]).toEqual([413, 'UPLOAD_TOO_LARGE']);
    const create = 'mutation ($input: CreateUploadInput!) { createUpload(input: $input) { id } }';
    const message = async (input: object) => (await server.error(create, { input })).message;
    expect(await message({ purpose: 'DATA_SET' })).toBe(
      'input.name: is required for a DATA_SET: the name that it gets',
    );
    expect(await message({ ...ARCHIVE, defectCode: 'CRACK' })).toContain(
      'input.defectCode: is for a REFERENCE; a DATA_SET has none',
    );
    expect(await message({ ...ARCHIVE, partNumber: 'NONE' })).toContain('input.partNumber: there is no product "NONE"');
  });
});

test('what goes over the quota is refused, and leaves nothing', async () => {
  const poor = await startServer({ QUOTA_STORED_BYTES: '30000' });
  const { status, body, dataSet } = await sendArchive(poor, await zipOf(await tileEntries()));
  expect([status, body.errors[0].extensions.code, dataSet]).toEqual([429, 'QUOTA_EXCEEDED', null]);
  expect(await storedBy(poor)).toEqual({ files: [], references: [] });
});
