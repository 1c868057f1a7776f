/** What is told of a generation's progress, while its samples take other numbers of steps than were asked for. */
import { eq } from 'drizzle-orm';
import { createProgressReporter } from '../src/generations/worker/progressReporter.js';
import { claimGeneration } from '../src/generations/worker/claimGeneration.js';
import type { Storage } from '../src/storage/database.js';
import { openStorage } from '../src/storage/open.js';
import type { GenerationRow } from '../src/storage/tables.js';
import { generations } from '../src/storage/tables.js';
import type { TenantScope } from '../src/storage/tenantScope.js';
import { forTenant } from '../src/storage/tenantScope.js';
import { ensureTenant } from '../src/tenants/provisioning.js';
import { databaseOf } from './support/database.js';
import { queueUp } from './support/queue.js';
import { newDataDirectory } from './support/server.js';

let storage: Storage;
let scope: TenantScope;
beforeAll(async () => {
  storage = await openStorage(await databaseOf(newDataDirectory()));
  scope = forTenant(storage.database, await ensureTenant(storage.database, 'progress'));
});
afterAll(() => storage.close());

/** `stepsDone`, as a share of all steps, after a sample has done `step` of `of`. */
async function shareAfter(step: number, of: number): Promise<number> {
  await queueUp(scope, 1);
  const row = (await claimGeneration(storage.database, { owner: 'A', leaseSeconds: 30 }, [])) as GenerationRow;
  const progress = createProgressReporter({ scope, row, owner: 'A' }, 0);
  progress.onStep('0', step, of);
  await progress.close();
  const [{ stepsDone = -1 } = {}] = await storage.database.select().from(generations).where(eq(generations.id, row.id));
  return stepsDone / row.settings.steps;
}

test.each([
  ['as many steps as were asked for', 1, 2, 0.5],
  ["a twin's steps before its own: half of them are half", 19, 38, 0.5],
  ['a twin that is drawn, and nothing on it yet', 20, 40, 0.5],
  ['all of them', 38, 38, 1],
  ['a photograph, whose freedom leaves steps out', 18, 18, 1],
])('%s', async (_, step, of, share) => {
  expect(await shareAfter(step, of)).toBe(share);
});
