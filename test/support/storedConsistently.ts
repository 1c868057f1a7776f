/** Ends the server, and checks what it leaves of the files that were sent to it. */
import { openStorage } from '../../src/storage/open.js';
import { artifacts, references, regionMasks, uploads } from '../../src/storage/tables.js';
import { databaseOf } from './database.js';
import type { Server } from './server.js';
import { storedFiles } from './uploads.js';

/** @param otherFiles How many files are stored that were not sent. */
export async function expectStoredConsistently(server: Server, otherFiles: number): Promise<void> {
  const files = storedFiles(server);
  expect(server.output()).not.toContain('"level":"error"');
  await server.stop();
  const { database, close } = await openStorage(await databaseOf(server.dataDirectory));
  const keys = (await database.select().from(artifacts)).map(({ key }) => key);
  const kept = [...(await database.select().from(references)), ...(await database.select().from(regionMasks))];
  const sent = await database.select().from(uploads);
  await close();
  expect(files.map((name) => name.split('/').at(-1)).sort()).toEqual(keys.sort());
  expect(kept).toHaveLength(keys.length - otherFiles);
  expect(new Set(kept.map(({ artifactKey }) => artifactKey)).size).toBe(kept.length);
  const completed = sent.filter(({ completedAt }) => completedAt !== null);
  expect(new Set(completed.map(({ referenceId, maskId }) => referenceId ?? maskId))).toEqual(
    new Set(kept.map(({ id }) => id)),
  );
}
