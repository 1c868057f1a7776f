/**
 * A database of an older version: what was accepted there is drawn here, and the old version can go on beside this one.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import type { Database } from '../src/storage/database.js';
import { newId } from '../src/storage/identifiers.js';
import { initial } from '../src/storage/migrations/1-initial.js';
import { references } from '../src/storage/migrations/2-references.js';
import { photographs } from '../src/storage/migrations/3-photographs.js';
import { openStorage } from '../src/storage/open.js';
import { openPglite } from '../src/storage/pglite.js';
import { onPgliteOnly } from './support/database.js';
import { finished, samplesIn } from './support/generations.js';
import { SETTINGS } from './support/queue.js';
import type { Json } from './support/server.js';
import { startServer } from './support/server.js';

const KEY = 'a-key-of-the-version-before';
const ids = { tenant: newId(), product: newId(), defect: newId() };

async function makeVersion3(database: Database): Promise<void> {
  await database.execute(
    sql`create table schema_migration (version integer primary key, applied_at timestamptz default now())`,
  );
  for (const [i, statements] of [initial, references, photographs].entries()) {
    for (const statement of statements) await database.execute(sql.raw(statement));
    await database.execute(sql`insert into schema_migration (version) values (${i + 1})`);
  }
  await database.execute(sql`insert into tenant values (${ids.tenant}, 'default', now())`);
  const hash = createHash('sha256').update(KEY).digest('hex');
  await database.execute(sql`insert into api_key values (${newId()}, ${ids.tenant}, ${hash}, 'GENERATED', now())`);
  await database.execute(
    sql`insert into product values (${ids.product}, ${ids.tenant}, 'OLD', 'old', 'tile', null, now())`,
  );
  for (const partNumber of ODD)
    await database.execute(
      sql`insert into product values (${newId()}, ${ids.tenant}, ${partNumber}, 'odd', 'tile', null, now())`,
    );
  await database.execute(sql`insert into defect values (${ids.defect}, ${ids.tenant}, 'OLD', 'old', 'crack', now())`);
}

/** As versions before the migration 20 took them, the first of all that look alike first. */
const ODD = ['4711\u200b', ' 4711', '4711', 'Pru\u0308f', '47\u00a011', '\u3000', '\u{e0001}X', '👩\u200d🔧'];

/** With the statements of version 3. */
async function acceptAsVersion3(database: Database): Promise<string> {
  const id = newId();
  await database.execute(sql`
    insert into generation (id, tenant_id, product_id, defect_id, status, settings, count, priority, samples_done, steps_done,
      last_seq, attempts, input_hash, created_at)
    values (${id}, ${ids.tenant}, ${ids.product}, ${ids.defect}, 'QUEUED', ${JSON.stringify(SETTINGS)}::jsonb, 2, 0, 0, 0, 1, 0, '', now())
  `);
  await database.execute(sql`
    insert into generation_event (tenant_id, generation_id, seq, payload, at)
    values (${ids.tenant}, ${id}, 1, '{"type":"GenerationQueued"}'::jsonb, now())
  `);
  return id;
}

onPgliteOnly('what the version before accepted, and what it accepts after the upgrade, is drawn', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'defectdiffu-upgrade-'));
  const place = join(folder, 'db');
  const old = await openPglite(place);
  await makeVersion3(old.database);
  const before = await acceptAsVersion3(old.database);
  await old.close();
  const upgraded = await openStorage(place);
  const after = await acceptAsVersion3(upgraded.database);
  await upgraded.close();

  const server = await startServer({ DATA_DIR: folder, DEFECTDIFFU_API_KEY: '' });
  const keyed = { ...server, data: (query: string, variables?: object) => server.data(query, variables, KEY) };
  const followed = {
    ...keyed,
    subscribe: (query: string, variables?: object) => server.subscribe(query, variables, KEY),
  };
  for (const id of [before, after]) {
    const done = await finished(followed, id);
    expect([done.status, done.product.partNumber, samplesIn(done).length]).toEqual(['SUCCEEDED', 'OLD', 2]);
  }
  expect((await keyed.data('{ caller { tenant role } }')).caller).toEqual({ tenant: 'default', role: 'ADMIN' });
  const { products } = await keyed.data('{ products { edges { node { partNumber } } } }');
  const partNumbers: string[] = products.edges.map(({ node }: Json) => node.partNumber);
  const own = partNumbers.filter((name) => name !== 'OLD' && name !== 'METAL_NUT' && name !== 'TILE');
  const byKind = Object.groupBy(own, (name) =>
    name.includes('-') ? 'id' : name.includes('dupl') ? 'renamed' : 'kept',
  );
  expect(byKind.kept?.sort()).toEqual(['47 11', '4711', 'Pr\u00fcf', 'X', '👩🔧']);
  expect(byKind.id).toHaveLength(1);
  expect(byKind.renamed).toEqual(Array(2).fill(expect.stringMatching(/^4711 \(duplicate [0-9a-f]{8}\)$/)));
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});
