/** What is refused as a model, each with a code, the field, and what to do; nothing is left behind. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { STUDENT_MODELS } from './inference/studentAdapters.js';
import type { Editable } from './inference/editableBundle.js';
import { archiveOf, filesOf, modelsOf, putModel, uploadModel, withGraph, zipOf } from './support/models.js';
import type { Server } from './support/server.js';
import { newDataDirectory, startServer } from './support/server.js';
import { newTenant } from './support/stranger.js';
import { createUpload, put, storedFiles } from './support/uploads.js';

type Files = { manifest: Editable; graph: Buffer };

const dataDirectory = newDataDirectory();
let server: Server;
let other: string;
let viewer: string;
beforeAll(async () => {
  other = await newTenant(dataDirectory, 'other');
  server = await startServer({ DATA_DIR: dataDirectory, MODELS_DIR: STUDENT_MODELS, MAX_MODELS_PER_TENANT: '1' });
  const input = { name: 'a screen', role: 'VIEWER' };
  const query = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret } }';
  viewer = (await server.data(query, { input })).createApiKey.secret as string;
});

/** One more node behind the others: protobuf merges messages that come twice. */
function withNode(graph: Buffer, op: string): Buffer {
  const node = new BinaryWriter().tag(1, WireType.LengthDelimited).string('text');
  node.tag(2, WireType.LengthDelimited).string('x').tag(4, WireType.LengthDelimited).string(op);
  const second = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(node.finish()).finish();
  return Buffer.concat([graph, new BinaryWriter().tag(7, WireType.LengthDelimited).bytes(second).finish()]);
}

/** The last entry states 10 bytes in the central directory. */
function understated(zip: Buffer): Buffer {
  zip.writeUInt32LE(10, zip.lastIndexOf(Buffer.from('PK\x01\x02', 'latin1')) + 24);
  return zip;
}

const cog = filesOf('cog');
const text = JSON.stringify(cog.manifest);

test.each<[string, () => Promise<Buffer>, string | RegExp]>([
  [
    'a file that is no zip',
    () => Promise.resolve(Buffer.from('nothing of the kind, and rather short')),
    'is not a zip file',
  ],
  ['half of a zip', async () => (await archiveOf('cog')).subarray(0, 3000), 'is not a zip file'],
  ['a zip without adapter.json', () => zipOf({ 'a.onnx': cog.graph }), 'has no adapter.json; zip the folder that'],
  ['a zip without a graph', () => zipOf({ 'adapter.json': text }), 'has no graph beside adapter.json'],
  [
    'a third file',
    () => zipOf({ 'adapter.json': text, 'modulation_change.onnx': cog.graph, 'run.sh': 'rm' }),
    'has the file "run.sh" beside adapter.json and one graph',
  ],
  [
    'two folders',
    () => zipOf({ 'a/adapter.json': text, 'b/modulation_change.onnx': cog.graph }),
    'has "b/modulation_change.onnx" in another folder than "a/adapter.json"',
  ],
  [
    'a small file that becomes a large one',
    () => zipOf({ 'adapter.json': ' '.repeat(3 * 2 ** 20), 'modulation_change.onnx': cog.graph }),
    'has "adapter.json" with 3145728 bytes; at most 2097152 are allowed',
  ],
  [
    'a file that is larger than its entry states',
    async () => understated(await zipOf({ 'bundle.json': '{}', 'x.onnx': Buffer.alloc(2 ** 20) })),
    'cannot be read: too many bytes in the stream. expected 10.',
  ],
  [
    'many entries',
    () => zipOf(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`${String(i)}.txt`, '']))),
    'has 40 entries; at most 32 are allowed',
  ],
])('%s is no archive of a model', async (_, make, message) => {
  const { status, body } = await putModel(server, await make());
  expect([status, body.errors[0].extensions]).toEqual([
    422,
    expect.objectContaining({ code: 'MODEL_ARCHIVE_INVALID', field: 'body' }),
  ]);
  expect(body.errors[0].message).toContain(message);
});

test.each<[string, (files: Files) => void, string]>([
  [
    'of another base',
    ({ manifest }) => (manifest.base.version = '9.0.0'),
    '/base: belongs to the bundle student@9.0.0',
  ],
  [
    'of another export of the base',
    ({ manifest }) => (manifest.base.graphs.denoiser = '0'.repeat(64)),
    '/base/graphs/denoiser: was trained on the graph with SHA-256 0000',
  ],
  ['with another property', ({ manifest }) => (manifest.rank = 4), '/: has an unknown property "rank"'],
  ['with another graph', (files) => (files.graph = Buffer.from('other')), 'adapter.json says'],
  ['with a path as its graph', ({ manifest }) => (manifest.modulation.file = '../../x'), '/modulation/file'],
  ['without a phrase', ({ manifest }) => delete manifest.phrases['a photo of dent'], '"a photo of dent" is missing'],
  [
    'with too many words',
    ({ manifest }) => (manifest.vocabulary.products = Array.from({ length: 201 }, (_, i) => `p${String(i)}`)),
    'has 201 products; at most 200 are allowed',
  ],
  [
    'with text that no database takes',
    ({ manifest }) => (manifest.license.terms = 'free\0'),
    '/license/terms: has text with NUL or half of a surrogate pair',
  ],
  [
    'with a key that no database takes',
    ({ manifest }) => (manifest.provenance.figures = { '\ud800': 1 }),
    '/provenance/figures: has text with NUL or half of a surrogate pair',
  ],
  [
    'that is nested deeply',
    ({ manifest }) => (manifest.provenance.figures = JSON.parse('{"a":'.repeat(100) + '1' + '}'.repeat(100))),
    'is nested deeper than 32 levels',
  ],
  [
    'with a long word',
    ({ manifest }) => (manifest.vocabulary.aliases = { ['x'.repeat(201)]: 'dent' }),
    '/vocabulary/aliases: has a word of 201 characters; at most 200 are allowed',
  ],
  [
    'with a long licence',
    ({ manifest }) => (manifest.license.terms = 'x'.repeat(70_000)),
    'bytes; at most 65536 are allowed',
  ],
  [
    'whose graph does more than it should',
    (files) => withGraph(files, withNode(files.graph, 'Loop')),
    'is not an ONNX file: has 2 graphs',
  ],
  [
    'whose graph is none',
    (files) => withGraph(files, Buffer.from('no graph at all')),
    'modulation_change.onnx: is not an ONNX file',
  ],
])('a model %s is invalid', async (_, change, message) => {
  const { status, body } = await putModel(server, await archiveOf('cog', change));
  expect([status, body.errors[0].extensions]).toEqual([422, expect.objectContaining({ code: 'MODEL_INVALID' })]);
  expect(body.errors[0].message).toContain(message);
  expect(body.errors[0].message).not.toContain(process.cwd());
});

test("a model with the name of one of the operator's is refused", async () => {
  const { status, body } = await putModel(
    server,
    await archiveOf('cog', ({ manifest }) => (manifest.name = 'student')),
  );
  expect([status, body.errors[0].extensions.code]).toEqual([409, 'MODEL_NAME_TAKEN']);
});

test('nothing of what was refused is left', async () => {
  expect(await modelsOf(server)).toHaveLength(1);
  expect(storedFiles(server)).toEqual([]);
});

test('the number of models of a tenant is limited, and a deleted one makes room', async () => {
  expect(await uploadModel(server, await archiveOf('cog'))).toBe('cog@1.0.0');
  const { status, body } = await putModel(server, await archiveOf('ring'));
  expect([status, body.errors[0].extensions]).toEqual([
    422,
    expect.objectContaining({ code: 'TOO_MANY_MODELS', limit: 1 }),
  ]);
  expect(await uploadModel(server, await archiveOf('ring'), other)).toBe('ring@1.0.0');
  await server.data('mutation { deleteModel(id: "cog@1.0.0") }');
  expect(await uploadModel(server, await archiveOf('ring'))).toBe('ring@1.0.0');
  expect((await server.data('{ serverInfo { limits { modelsPerTenant } } }')).serverInfo.limits.modelsPerTenant).toBe(
    1,
  );
});

test('viewers neither upload nor delete', async () => {
  const denied = { extensions: { code: 'FORBIDDEN' } };
  expect(await server.error('mutation { createUpload(input: { purpose: MODEL }) { id } }', {}, viewer)).toMatchObject(
    denied,
  );
  expect(await server.error('mutation { deleteModel(id: "ring@1.0.0") }', {}, viewer)).toMatchObject(denied);
});

test('a photograph is no model, and a model is no photograph', async () => {
  const { url } = await createUpload(server, { purpose: 'MASK' });
  expect((await put(url, await archiveOf('cog'))).body.errors[0].extensions.code).toBe('IMAGE_TYPE_UNSUPPORTED');
  const error = await server.error('mutation { createUpload(input: { purpose: MODEL, name: "x" }) { id } }');
  expect(error.message).toBe('input.name: is for a REFERENCE; a MODEL has none, and got "x"');
});
