/** PGlite as the service uses it: each statement is parsed once. */
import { PgliteClient } from '../src/storage/pgliteClient.js';
import { onPgliteOnly } from './support/database.js';

let client: PgliteClient;
beforeAll(async () => {
  client = new PgliteClient();
  await client.exec('create table thing (id int primary key, name text, at timestamptz, facts jsonb, tags text[])');
});
afterAll(() => client.close());
afterEach(() => client.query('delete from thing'));

const insert = (id: number) => client.query('insert into thing (id) values ($1)', [id]);
const ids = async () =>
  (await client.query<{ id: number }>('select id from thing order by id')).rows.map(({ id }) => id);

onPgliteOnly('values come back as they went in, by name and by place', async () => {
  const values = [1, 'Ä "quoted" \\ name', new Date(0), { deep: [1, null] }, ['a', 'b,c']];
  const text = 'insert into thing values ($1, $2, $3, $4, $5) returning *';
  const [id, name, at, facts, tags] = values;
  expect((await client.query(text, values)).rows).toEqual([{ id, name, at, facts, tags }]);
  await client.query('delete from thing');
  expect((await client.query(text, [2, null, undefined, null, []], { rowMode: 'array' })).rows).toEqual([
    [2, null, null, null, []],
  ]);
});

onPgliteOnly('a statement that cannot be parsed, or fails, harms none after it', async () => {
  await expect(client.query('select nonsense from nowhere')).rejects.toMatchObject({ code: '42P01' });
  await insert(1);
  for (let again = 0; again < 2; again++) await expect(insert(1)).rejects.toMatchObject({ code: '23505' });
  await insert(2);
  expect(await ids()).toEqual([1, 2]);
});

onPgliteOnly('a transaction that fails leaves nothing, and what it parsed is good afterwards', async () => {
  const text = 'insert into thing (id, name) values ($1, $2)';
  const failing = client.transaction(async (tx) => {
    await tx.query(text, [1, 'one']);
    await tx.query(text, [1, 'one again']);
  });
  await expect(failing).rejects.toMatchObject({ code: '23505' });
  expect(await ids()).toEqual([]);
  await client.query(text, [1, 'one']);
  expect(await ids()).toEqual([1]);
});

onPgliteOnly('no statement is run in a transaction that is over', async () => {
  const late = await client.transaction((tx) => Promise.resolve(tx));
  await expect(late.query('insert into thing (id) values (1)')).rejects.toThrow('the transaction has ended');
  expect(await ids()).toEqual([]);
});

onPgliteOnly('of very many statements the database keeps those that were used last', async () => {
  for (let i = 0; i < 250; i++) {
    await insert(i);
    const { rows } = await client.query<{ n: number }>(`select ${String(i)} as n from thing where id = $1`, [i]);
    expect(rows).toEqual([{ n: i }]);
  }
  expect((await client.query('select 0 as n from thing where id = $1', [0])).rows).toEqual([{ n: 0 }]);
  const { rows } = await client.query<{ count: number }>('select count(*)::int from pg_prepared_statements');
  expect(rows).toEqual([{ count: 200 }]);
});

onPgliteOnly(
  'a read is planned for its values each time; the plan of a write is kept, and made anew now and then',
  async () => {
    const [read, write] = ['select name from thing where id = $1', 'update thing set name = $1 where id = $2'];
    const plans = async (statement: string) => {
      const text =
        'select generic_plans::int as kept, custom_plans::int as own from pg_prepared_statements where statement = $1';
      return (await client.query(text, [statement])).rows;
    };
    for (let i = 0; i < 50; i++) await client.query(read, [i]);
    expect(await plans(read)).toEqual([{ kept: 0, own: 5 }]);
    for (let i = 0; i < 100; i++) await client.query(write, ['new', i]);
    expect(await plans(write)).toEqual([{ kept: 95, own: 5 }]);
    await client.query(write, ['new', 1]);
    expect(await plans(write)).toEqual([{ kept: 0, own: 1 }]);
  },
);

onPgliteOnly('a value of the wrong type is refused, and the statement is good for the right one', async () => {
  const text = 'select $1::int as n';
  await expect(client.query(text, ['seven'])).rejects.toMatchObject({ code: '22P02' });
  expect((await client.query(text, [7])).rows).toEqual([{ n: 7 }]);
});

onPgliteOnly('a statement that a changed table has made useless fails once', async () => {
  const text = 'select * from growing';
  await client.exec('create table growing (a int); insert into growing values (1)');
  expect((await client.query(text)).rows).toEqual([{ a: 1 }]);
  await client.exec('alter table growing add column b int');
  await expect(client.query(text)).rejects.toMatchObject({ code: '0A000' });
  expect((await client.query(text)).rows).toEqual([{ a: 1, b: null }]);
});
