/** Images are marked as made by a model, in a way that others read: XMP, and C2PA by the reader of its own project. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { readConfig } from '../src/config.js';
import { markImages } from '../src/marking/mark.js';
import { readOrCreateCertificate } from '../src/marking/selfMadeCertificate.js';
import { createSigner } from '../src/marking/signer.js';
import { problemOfCertificate } from '../src/marking/signingCertificate.js';
import { exportDataset, exportEnded } from './support/exports.js';
import { QUICK, bytesAt, finished, generate, samplesIn } from './support/generations.js';
import { chunksOf, unmarked, xmpOf } from './support/marks.js';
import { pythonWith, runPython } from './support/python.js';
import type { Json } from './support/server.js';
import { newFolder, runToEnd, startServer } from './support/server.js';
import { entriesIn } from './support/zip.js';

const GENERATOR = { name: 'DefectDiffu', version: '9.9.9' };
const PROVENANCE = { sampleId: '0190-7', sourceType: 'trainedAlgorithmicMedia', model: 'tiny@1.0.0' } as const;
const TRAINED = 'http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia';
const { version: VERSION } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

const python = pythonWith('c2pa');
const whereC2paIs = python === undefined ? test.skip : test;
const exiftool = spawnSync('exiftool', ['-ver']).status === 0;

/** What c2pa-python says about files, trusting an authority if one is given. */
async function readC2pa(files: Record<string, Buffer>, authority = ''): Promise<Record<string, Json>> {
  const folder = newFolder();
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  const paths = Object.keys(files).map((name) => join(folder, name));
  const answer = await runPython(python ?? '', 'test/support/readC2pa.py', authority, ...paths);
  return Object.fromEntries(Object.keys(files).map((name, i) => [name, answer[paths[i] ?? '']]));
}

test('the pixels, and every byte but the mark, stay as they were', async () => {
  const folder = join(newFolder(), 'marking');
  const signer = createSigner(await readOrCreateCertificate(folder));
  for (const file of ['test/photographs/fabric.png', 'test/exports/pictures/shapes.mask.png']) {
    const plain = readFileSync(file);
    const [marked = plain] = (await markImages([plain], GENERATOR, PROVENANCE, signer)).map((each) =>
      Buffer.from(each),
    );
    expect(unmarked(marked)).toEqual(plain);
    expect(chunksOf(marked).map(({ type }) => type)).toEqual(expect.arrayContaining(['iTXt', 'caBX', 'IDAT']));
    expect(marked.length - plain.length).toBeLessThan(6000);
    expect((await sharp(marked).metadata()).channels).toBe((await sharp(plain).metadata()).channels);
    expect(await sharp(marked).raw().toBuffer()).toEqual(await sharp(plain).raw().toBuffer());
  }
});

test('all images of a sample, and those of an export, say what made them', async () => {
  const server = await startServer();
  const { id } = await generate(server, {
    ...QUICK,
    twin: true,
    quality: { minimumVisibility: 0, minimumAgreement: 0 },
  });
  const [sample] = samplesIn(await finished(server, id));
  const exported = await exportEnded(server, (await exportDataset(server, { format: 'MVTEC_AD' })).id);
  const entries = entriesIn(await bytesAt(exported.archive.url)).filter(({ name }) => name.endsWith('.png'));
  const files: Record<string, Buffer> = Object.fromEntries(
    entries.map(({ content }, i) => [`export${String(i)}.png`, content]),
  );
  for (const kind of ['image', 'mask', 'overlay']) files[`${kind}.png`] = await bytesAt(sample[kind].url);
  expect(entries.length).toBeGreaterThanOrEqual(3); // sample, mask, twin
  for (const png of Object.values(files))
    expect(await xmpOf(png)).toMatchObject({
      DigitalSourceType: TRAINED,
      AISystemUsed: 'DefectDiffu',
      AISystemVersionUsed: 'tiny@1.0.0',
      CreatorTool: `DefectDiffu ${VERSION}`,
      DocumentID: `urn:uuid:${String(sample.id)}`,
    });
  const key = join(server.dataDirectory, 'marking', 'key.pem');
  expect(statSync(key).mode & 0o777).toBe(0o600);
  if (python === undefined) return;
  const authority = join(server.dataDirectory, 'marking', 'authority.pem');
  for (const said of Object.values(await readC2pa(files, authority)))
    expect(said).toMatchObject({
      state: 'Trusted',
      failures: [],
      generator: { name: 'DefectDiffu', version: VERSION },
      action: {
        action: 'c2pa.created',
        digitalSourceType: TRAINED,
        parameters: { 'defectdiffu.sample': sample.id, 'defectdiffu.model': 'tiny@1.0.0' },
      },
    });
});

whereC2paIs('with the operator’s own certificate: valid, and not any more when a pixel changes', async () => {
  const folder = newFolder();
  const { certificate, key } = issueCertificate(folder);
  const { signing } = readConfig({ MARKING_CERTIFICATE: certificate, MARKING_KEY: key }).marking;
  if (signing === undefined) throw new Error('the certificate was not read');
  const plain = readFileSync('test/photographs/fabric.png');
  const [marked = plain] = (await markImages([plain], GENERATOR, PROVENANCE, createSigner(signing))).map((each) =>
    Buffer.from(each),
  );
  const changed = Buffer.from(marked);
  changed.writeUInt8(changed.readUInt8(changed.length - 30) ^ 1, changed.length - 30);
  const said = await readC2pa({ 'marked.png': marked, 'changed.png': changed });
  expect(said['marked.png']).toMatchObject({ state: 'Valid', algorithm: 'Ps256', failures: [] });
  expect(said['changed.png']).toMatchObject({ state: 'Invalid', failures: ['assertion.dataHash.mismatch'] });
});

(exiftool ? test : test.skip)('exiftool reads the XMP packet', async () => {
  const file = join(newFolder(), 'marked.png');
  const plain = readFileSync('test/photographs/fabric.png');
  writeFileSync(file, (await markImages([plain], GENERATOR, { ...PROVENANCE, model: 'a<"&@1' }, null))[0] ?? plain);
  const [said] = JSON.parse(execFileSync('exiftool', ['-json', '-XMP:all', file], { encoding: 'utf8' })) as Json[];
  expect(said).toMatchObject({
    DigitalSourceType: TRAINED,
    AISystemVersionUsed: 'a<"&@1',
    DocumentID: 'urn:uuid:0190-7',
  });
});

test.each([
  [{ MARKING: 'no' }, 'MARKING: "no" is not one of c2pa, xmp, off'],
  [{ MARKING_KEY: 'package.json' }, 'MARKING_CERTIFICATE: required with'],
  [{ MARKING_CERTIFICATE: 'package.json', MARKING_KEY: 'nowhere.pem' }, 'MARKING_KEY: "nowhere.pem" cannot be read'],
  [
    { MARKING_CERTIFICATE: 'package.json', MARKING_KEY: 'package.json' },
    'MARKING_CERTIFICATE: "package.json" is not a PEM',
  ],
])('%j is refused: %s', (env, message) => {
  expect(() => readConfig(env)).toThrow(message);
});

test('a key of another certificate is refused', async () => {
  const folders = ['one', 'two'].map((name) => join(newFolder(), name));
  for (const folder of folders) await readOrCreateCertificate(folder);
  const [one = '', two = ''] = folders;
  const env = { MARKING_CERTIFICATE: join(one, 'certificate.pem'), MARKING_KEY: join(two, 'key.pem') };
  expect(() => readConfig(env)).toThrow('is not the key of the first certificate');
});

test.each([
  ['ed448', 'C2PA has no signatures with a key of type ed448'],
  ['ec -pkeyopt ec_paramgen_curve:secp256k1', 'C2PA has no signatures with a key of type ec'],
  ['ed25519', undefined],
  ['ec -pkeyopt ec_paramgen_curve:secp521r1', undefined],
])('with a key of type %s, the start says at once whether it can sign', async (type, problem) => {
  const { certificate, key } = issueCertificate(newFolder(), { type });
  const env = { MARKING_CERTIFICATE: certificate, MARKING_KEY: key };
  if (problem === undefined) return void (await (await startServer(env)).stop());
  const { code, stderr } = await runToEnd(env);
  expect([code, stderr]).toEqual([1, expect.stringContaining(problem)]);
  expect(stderr).toMatch(/^DefectDiffu cannot start. MARKING_KEY: no image can be signed with it: .*\n$/);
});

test.each([
  ['emailProtection', 'digitalSignature', undefined],
  ['1.3.6.1.5.5.7.3.36', 'digitalSignature', undefined],
  ['serverAuth', 'digitalSignature', 'lacks an extended key usage: one of emailProtection'],
  ['emailProtection,2.5.29.37.0', 'digitalSignature', 'has the extended key usage anyExtendedKeyUsage'],
  ['emailProtection', 'keyEncipherment', 'lacks the key usage digitalSignature'],
])('a certificate for %s and %s: %s', async (extended, usage, problem) => {
  const { certificate } = issueCertificate(newFolder(), { extended, usage });
  const found = await problemOfCertificate(readFileSync(certificate, 'utf8'), new Date());
  expect(found?.slice(0, problem?.length)).toBe(problem);
});

test('a certificate of an authority, of itself, or of tomorrow stops the start', async () => {
  const folder = newFolder();
  const { certificate, key } = issueCertificate(folder);
  const authority = readFileSync(join(folder, 'ca.pem'), 'utf8');
  const yesterday = new Date(Date.now() - 86_400_000);
  expect(await problemOfCertificate(authority, new Date())).toMatch(/^belongs to an authority/);
  expect(await problemOfCertificate(readFileSync(certificate, 'utf8'), yesterday)).toMatch(/^is valid from 2/);
  const own = 'req -x509 -key leaf.key -days 9 -out own.pem -subj /CN=Own -addext basicConstraints=CA:false';
  execFileSync('openssl', own.split(' '), { cwd: folder, stdio: 'pipe' });
  const { code, stderr } = await runToEnd({ MARKING_CERTIFICATE: join(folder, 'own.pem'), MARKING_KEY: key });
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining('MARKING_CERTIFICATE: the first certificate is signed by itself'),
  ]);
});

/** As a certificate authority does it. */
function issueCertificate(
  folder: string,
  { type = 'rsa:2048', extended = 'emailProtection', usage = 'digitalSignature' } = {},
): { certificate: string; key: string } {
  mkdirSync(folder, { recursive: true });
  const run = (...args: string[]): Buffer => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const profile = `basicConstraints=critical,CA:false\nkeyUsage=critical,${usage}\nextendedKeyUsage=${extended}\n`;
  writeFileSync(join(folder, 'leaf.ext'), `${profile}authorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n`);
  run(...'req -x509 -newkey rsa:2048 -nodes -days 9 -keyout ca.key -out ca.pem -subj /O=Factory/CN=CA'.split(' '));
  run(...`req -newkey ${type} -nodes -keyout leaf.key -out leaf.csr -subj /O=Factory/CN=Pictures`.split(' '));
  run(
    ...'x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -set_serial 7 -days 8 -extfile leaf.ext -out leaf.pem'.split(
      ' ',
    ),
  );
  return { certificate: join(folder, 'leaf.pem'), key: join(folder, 'leaf.key') };
}
