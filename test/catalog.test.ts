/** An MES pushes its catalog: what is imported, what is refused, and what is archived. */
import { catalogOf } from './support/catalog.js';
import { GENERATE, QUICK, finished, generate } from './support/generations.js';
import type { Json, Server } from './support/server.js';
import { startServer } from './support/server.js';

let server: Server;
beforeAll(async () => {
  server = await startServer();
});

const { importCatalog, refusal, product, partNumbers, defectCodes } = catalogOf(() => server);

test('products and defects are taken over, and the same import again changes nothing', async () => {
  const input = {
    products: [
      {
        partNumber: '4711',
        name: 'Nut M8',
        promptName: 'Metal_Nut',
        attributes: { line: 3, tags: ['a', { b: null }] },
      },
      { partNumber: '4712', name: 'TILES' },
    ],
    defects: [{ code: 'K1', name: 'Kratzer', promptName: 'scratches' }],
  };
  const first = await importCatalog(input);
  expect(first).toMatchObject({
    products: { created: 2, updated: 0, unchanged: 0, archived: 0 },
    defects: { created: 1, updated: 0, unchanged: 0, archived: 0 },
    warnings: [],
  });
  const before = await product('4711');
  expect(before).toMatchObject({ ...input.products[0], promptName: 'metal nut', archivedAt: null });
  expect((await product('4712')).promptName).toBe('tile');
  const again = await importCatalog(input);
  expect(again.products).toEqual({ created: 0, updated: 0, unchanged: 2, archived: 0 });
  expect(again.defects).toEqual({ created: 0, updated: 0, unchanged: 1, archived: 0 });
  expect(await product('4711')).toEqual(before);
});

test('what is left out stays as it is, and null sets it back', async () => {
  await importCatalog({ products: [{ partNumber: 'P', name: 'tile', promptName: 'metal nut', attributes: { a: 1 } }] });
  const before = await product('P');
  expect((await importCatalog({ products: [{ partNumber: 'P' }] })).products.unchanged).toBe(1);
  expect(await product('P')).toEqual(before);
  await importCatalog({ products: [{ partNumber: 'P', promptName: null, attributes: null }] });
  const after = await product('P');
  expect(after).toMatchObject({ name: 'tile', promptName: 'tile', attributes: null, createdAt: before.createdAt });
  expect(Date.parse(after.updatedAt)).toBeGreaterThan(Date.parse(before.updatedAt));
  await importCatalog({ products: [{ partNumber: 'P', name: null }] });
  expect(await product('P')).toMatchObject({ name: 'P', promptName: 'P' });
});

test('a prompt name that no model knows is taken over with a warning that names the nearest words', async () => {
  const { warnings, products } = await importCatalog({
    products: [{ partNumber: 'W1', name: 'Til' }],
    defects: [{ code: 'W2', promptName: 'scrach' }],
  });
  expect(products.created).toBe(1);
  expect(warnings).toEqual([
    {
      field: 'input.products[0].name',
      value: 'Til',
      message:
        'input.products[0].name: no model knows "Til", so it cannot be drawn; the nearest words are: tile, metal nut',
      suggestions: ['tile', 'metal nut'],
    },
    expect.objectContaining({
      field: 'input.defects[0].promptName',
      value: 'scrach',
      suggestions: expect.arrayContaining(['scratch', 'crack']),
    }),
  ]);
  expect(warnings[1].suggestions[0]).toBe('scratch');
  expect((await product('W1')).promptName).toBe('Til');
});

test("aliases lead to a model's word: the tenant's own, the model's, and those of the paper that a model can use", async () => {
  const defects = [
    { code: 'A1', name: 'Poke' },
    { code: 'A2', name: 'fissures' },
    { code: 'A3', name: 'scratch_neck' },
  ];
  const codes = async () => {
    const { edges } = (
      await server.data('{ defects(filter: { search: "A" }, first: 100) { edges { node { code promptName } } } }')
    ).defects;
    return edges.map(({ node }: Json) => node).filter(({ code }: Json) => /^A\d$/.test(code));
  };
  const { warnings } = await importCatalog({ defects });
  expect(warnings.map(({ value }: Json) => value)).toEqual(['Poke']); // this model does not know the paper's "hole"
  const before = await codes();
  expect(before.map(({ promptName }: Json) => promptName)).toEqual(['Poke', 'crack', 'scratch']);

  const aliases = [{ alias: 'pokes', promptName: 'SCRATCH' }];
  expect((await importCatalog({ aliases })).aliases).toMatchObject({ created: 1 });
  expect(await codes()).toEqual(before); // until they are imported again
  const again = await importCatalog({ aliases, defects });
  expect(again).toMatchObject({ aliases: { unchanged: 1 }, defects: { updated: 1, unchanged: 2 }, warnings: [] });
  expect((await codes())[0].promptName).toBe('scratch');

  const list = '{ aliases { edges { node { kind alias promptName } } } builtInAliases { alias promptName } }';
  const listed = await server.data(list);
  expect(listed.aliases.edges).toEqual([{ node: { kind: 'DEFECT', alias: 'pokes', promptName: 'scratch' } }]);
  expect(listed.builtInAliases).toContainEqual({ alias: 'poke', promptName: 'hole' });
  const iso = { alias: 'pokes', promptName: 'scratch', scheme: 'ISO 6520-1', externalCode: ' 2011' };
  expect((await importCatalog({ aliases: [iso] })).aliases).toMatchObject({ updated: 1 });
  expect((await importCatalog({ aliases })).aliases).toMatchObject({ unchanged: 1 });
  const coded =
    '{ aliases(filter: { scheme: "ISO 6520-1", externalCode: "2011" }) { edges { node { alias externalCode } } } }';
  expect((await server.data(coded)).aliases.edges).toEqual([{ node: { alias: 'pokes', externalCode: '2011' } }]);
  expect((await refusal({ aliases: [{ ...iso, externalCode: null }] })).message).toBe(
    'input.aliases[0].scheme: "ISO 6520-1" needs an externalCode: it says whose code that is',
  );
  const remove = 'mutation { removeAlias(kind: DEFECT, alias: "POKE") { alias } }';
  expect((await server.data(remove)).removeAlias).toEqual({ alias: 'pokes' });
  expect((await server.error(remove)).extensions).toMatchObject({ code: 'NOT_FOUND', field: 'alias' });
});

const deep = JSON.parse(`${'{"a":'.repeat(9)}1${'}'.repeat(9)}`);
test.each([
  [{ partNumber: '' }, 'partNumber: must have 1 to 200 characters, not 0'],
  [{ partNumber: 'X', name: 'n'.repeat(201) }, 'name: must have 1 to 200 characters, not 201'],
  [{ partNumber: 'X', promptName: 'a\u0007' }, 'promptName: "a\\u0007" has a character that is not text'],
  [{ partNumber: 'OK0' }, 'partNumber: "OK0" is already at input.products[0]'],
  [{ partNumber: 'X', attributes: deep }, 'attributes: is nested deeper than 8 levels'],
  [{ partNumber: 'X', attributes: { a: 'x'.repeat(17_000) } }, 'attributes: 17008 bytes of JSON are more than 16384'],
  [{ partNumber: 'X', attributes: { a: '\u0000' } }, 'attributes: "\\u0000" has a character that is not text'],
])('the malformed product %j refuses the whole import, and the message says why', async (item, message) => {
  const sound = (i: number) => ({ partNumber: `OK${String(i)}` });
  const error = await refusal({ products: [sound(0), sound(1), item], defects: [{ code: 'OK' }] });
  const field = `input.products[2].${message.split(':')[0] ?? ''}`;
  expect(error.message).toBe(`input.products[2].${message}`);
  expect(error.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field, problemCount: 1 });
  expect(await product('OK0')).toBeNull();
});

test('attributes must be an object, and several malformed items are all named', async () => {
  for (const attributes of ['text', [1], 3])
    expect((await refusal({ products: [{ partNumber: 'X', attributes }] })).extensions.code).toBe('BAD_USER_INPUT');
  const error = await refusal({ defects: [{ code: '' }, { code: 'D' }, { code: 'D' }] });
  expect(error.extensions['problems']).toMatchObject([
    { field: 'input.defects[0].code' },
    { field: 'input.defects[2].code', message: 'input.defects[2].code: "D" is already at input.defects[1]' },
  ]);
});

test('archived products and defects leave the lists, are not drawn, stay with what was drawn, and come back', async () => {
  await importCatalog({ products: [{ partNumber: 'OLD', name: 'tile' }], defects: [{ code: 'OLD', name: 'crack' }] });
  const input = { ...QUICK, partNumber: 'OLD', defectCode: 'OLD', idempotencyKey: 'before' };
  const drawn = await finished(server, (await generate(server, input)).id);
  const set = (field: string, arg: string) =>
    server.data(`mutation { ${field}(${arg}: "OLD") { archivedAt updatedAt } }`).then((data) => data[field]);

  const archived = await set('archiveProduct', 'partNumber');
  expect(archived.archivedAt).not.toBeNull();
  expect(await set('archiveProduct', 'partNumber')).toEqual(archived);
  const search = 'filter: { search: "OLD" }';
  expect(await partNumbers(search)).toEqual([]);
  expect(await partNumbers(`${search}, includeArchived: true`)).toEqual(['OLD']);
  expect(await partNumbers('filter: { archived: true }')).toEqual(['OLD']);
  expect(await server.error(GENERATE, { input: [{ ...input, idempotencyKey: null }] })).toMatchObject({
    message: expect.stringMatching(/^input\[0\]\.partNumber: product "OLD" is archived since/),
    extensions: { code: 'PRODUCT_ARCHIVED', field: 'input[0].partNumber' },
  });
  expect((await generate(server, input)).id).toBe(drawn.id); // an earlier request, repeated
  const reach = `query ($id: ID!) { generation(id: $id) { product { archivedAt samples { edges { node { id } } } } }
    samples(filter: { partNumber: "OLD" }) { edges { node { generation { product { partNumber } } } } } }`;
  const reached = await server.data(reach, { id: drawn.id });
  expect(reached.generation.product.samples.edges).toHaveLength(1);
  expect(reached.samples.edges).toEqual([{ node: { generation: { product: { partNumber: 'OLD' } } } }]);
  expect((await set('unarchiveProduct', 'partNumber')).archivedAt).toBeNull();

  await set('archiveDefect', 'code');
  expect(await defectCodes('first: 100')).not.toContain('OLD');
  const { defect } = await server.data('{ defect(code: "OLD") { archivedAt } }');
  expect(defect.archivedAt).not.toBeNull();
  expect((await server.error(GENERATE, { input: [{ ...QUICK, defectCode: 'OLD' }] })).extensions.code).toBe(
    'DEFECT_ARCHIVED',
  );
  expect((await importCatalog({ defects: [{ code: 'OLD' }] })).defects.updated).toBe(1);
  expect(await defectCodes('first: 100')).toContain('OLD');
  for (const mutation of [
    'archiveProduct(partNumber: "?")',
    'unarchiveProduct(partNumber: "?")',
    'archiveDefect(code: "?")',
    'unarchiveDefect(code: "?")',
  ])
    expect((await server.error(`mutation { ${mutation} { id } }`)).extensions.code).toBe('NOT_FOUND');
  expect(await server.error('mutation { archiveDefect(code: "old") { id } }')).toMatchObject({
    message: 'code: there is no defect "old"; did you mean "OLD"? Case matters',
    extensions: { code: 'NOT_FOUND', suggestions: ['OLD'] },
  });
  expect((await server.error('mutation { archiveProduct(partNumber: "tile") { id } }')).message).toBe(
    'partNumber: there is no product "tile"; did you mean "TILE"? Case matters',
  );
});

test('filters hold, on products and on defects', async () => {
  const between = new Date().toISOString();
  await importCatalog({
    products: [
      { partNumber: 'NEW', name: 'tile' },
      { partNumber: 'NEWER', name: 'thing' },
    ],
  });
  expect(await partNumbers(`filter: { createdAfter: "${between}" }`)).toEqual(['NEW', 'NEWER']);
  expect(await partNumbers(`filter: { createdAfter: "${between}", promptName: "tile" }`)).toEqual(['NEW']);
  expect(await partNumbers(`filter: { updatedAfter: "${between}", drawableBy: "tiny" }`)).toEqual(['NEW']);
  expect(await partNumbers(`filter: { search: "NEW", createdBefore: "${between}" }`)).toEqual([]);
  expect(await defectCodes('filter: { drawableBy: "tiny@1.0.0", search: "CRA" }')).toContain('CRACK');
  expect(await defectCodes('filter: { drawableBy: "tiny", search: "W2" }')).toEqual([]);
  const query = '{ product(partNumber: "TILE") { defects(coverage: [TRAINED]) { coverage defect { promptName } } } }';
  const { defects } = (await server.data(query)).product;
  expect(new Set(defects.map(({ coverage, defect }: Json) => `${coverage} ${defect.promptName}`))).toEqual(
    new Set(['TRAINED crack']),
  );
});

test('attributes that are written into the query are stored like those in variables', async () => {
  const attributes = { line: 4, nested: { drawings: ['a', { sheet: 1 }] }, none: null };
  const literal = '{ line: 4, nested: { drawings: ["a", { sheet: 1 }] }, none: null }';
  await server.data(
    `mutation { importCatalog(input: { products: [{ partNumber: "INLINE", name: "tile", attributes: ${literal} }] }) { products { created } } }`,
  );
  expect((await product('INLINE')).attributes).toEqual(attributes);
});
