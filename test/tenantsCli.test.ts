/** The command line that makes tenants and their first keys. */
import { onPgliteOnly, onPostgresOnly } from './support/database.js';
import { newDataDirectory, startServer } from './support/server.js';
import { speak } from './support/socket.js';
import { runTenants, runTenantsHere } from './support/tenancy.js';

const dataDirectory = newDataDirectory();
const tenants = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await runTenantsHere(dataDirectory, ...args);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
};
const keyIn = (text: string): string => /^API key, shown this once: (dd_\S{32})$/m.exec(text)?.[1] ?? '';
const CALLER = '{ caller { tenant role expiresAt } }';

test('tenants and keys are made, listed and turned off, and the service goes by it', async () => {
  const admin = keyIn(await tenants('create', 'plant two', '--admin-key'));
  const made = await tenants('create-key', 'plant two', '--role', 'viewer', '--name', 'a screen', '--expires', '90d');
  const gone = await tenants('create-key', 'plant two', '--role', 'operator', '--name', 'gone');
  const listed = await tenants('list-keys', 'plant two');
  expect(listed).not.toContain(keyIn(made));
  expect(listed).toContain(`${keyIn(made).slice(0, 11)}…\tVIEWER\ta screen\tnot used yet\texpires `);
  const id = /^(\S+)\t\S+\tOPERATOR\tgone/m.exec(listed)?.[1] ?? '';
  expect(await tenants('revoke-key', id)).toBe(`Revoked "gone", ${id}.\n`);
  await tenants('create', 'closed');
  await tenants('disable', 'closed');
  expect(await tenants('list')).toMatch(/^\S{36}\tclosed\tdisabled \S+Z\n\S{36}\tplant two\n$/);

  const server = await startServer({ DATA_DIR: dataDirectory });
  expect(await server.data(CALLER, {}, admin)).toEqual({
    caller: { tenant: 'plant two', role: 'ADMIN', expiresAt: null },
  });
  const { caller } = await server.data(CALLER, {}, keyIn(made));
  expect(caller.role).toBe('VIEWER');
  const days = (new Date(caller.expiresAt).getTime() - Date.now()) / 86_400_000;
  expect(days).toBeCloseTo(90, 1);
  expect((await server.error(CALLER, {}, keyIn(gone))).message).toBe('This API key was revoked.');
  await server.stop();
});

onPgliteOnly('beside a running service it says why it cannot, and what can be done', async () => {
  const server = await startServer({ DATA_DIR: dataDirectory });
  const refused = await runTenants(dataDirectory, 'list');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/ is in use by process \d+ .*\nOnly one process can open the embedded database\./);
  expect(refused.stderr).toContain('createApiKey and revokeApiKey');
  await server.stop();
});

onPostgresOnly('beside a running service it takes effect at once', async () => {
  const directory = newDataDirectory();
  const server = await startServer({ DATA_DIR: directory });
  const key = keyIn((await runTenants(directory, 'create', 'made meanwhile', '--admin-key')).stdout);
  expect((await server.data(CALLER, {}, key)).caller.tenant).toBe('made meanwhile');
  const speaker = await speak(server, key);
  const closed = expect(speaker.next()).rejects.toThrow('closed: 4401 UNAUTHENTICATED: This tenant is disabled.');
  expect((await runTenants(directory, 'disable', 'made meanwhile')).code).toBe(0);
  await closed;
  expect((await server.error(CALLER, {}, key)).message).toBe('This tenant is disabled.');
  await runTenants(directory, 'enable', 'made meanwhile');
  expect((await server.data(CALLER, {}, key)).caller.tenant).toBe('made meanwhile');
  await server.stop();
});

test("a tenant's own bounds are set, told, taken away, and held", async () => {
  const directory = newDataDirectory();
  const quota = async (...args: string[]) => {
    const { code, stdout, stderr } = await runTenantsHere(directory, 'quota', 'plant three', ...args);
    expect([code, stderr]).toEqual([0, '']);
    return stdout;
  };
  const key = keyIn((await runTenants(directory, 'create', 'plant three', '--admin-key')).stdout);
  expect(await quota('--generations', '0', '--stored-bytes', '5000000000', '--retention-days', '30')).toBe(
    [
      'generations\t0\tits own',
      'pixel-steps-per-day\tno bound\tQUOTA_PIXEL_STEPS_PER_DAY',
      'stored-bytes\t5000000000\tits own',
      'requests-per-minute\tno bound\tRATE_LIMIT_PER_MINUTE',
      'retention-days\t30\tits own',
      'training-minutes-per-day\tno bound\tQUOTA_TRAINING_MINUTES_PER_DAY\n',
    ].join('\n'),
  );
  await quota('--requests-per-minute', '600', '--none', 'stored-bytes', 'retention-days');
  const server = await startServer({ DATA_DIR: directory, QUOTA_STORED_BYTES: '70', RETENTION_DAYS: '7' });
  const { usage } = await server.data(
    '{ usage { concurrentGenerations { limit } storedBytes { limit } requestsPerMinute retentionDays } }',
    {},
    key,
  );
  expect(usage).toEqual({
    concurrentGenerations: { limit: 0 },
    storedBytes: { limit: 70 },
    requestsPerMinute: 600,
    retentionDays: 7,
  });
  await server.stop();
});

test.each([
  [[], /^a command is missing\n\nnpm run tenants -- list/],
  [['remove', 'x'], /^"remove" is not a command/],
  [['create'], /^create needs the name of a tenant/],
  [['create', 'plant', 'two'], /^"two" is unexpected; quote a name that contains spaces/],
  [['list', '--admin-key'], /^list has no option --admin-key/],
  [['create-key', 'x', '--name', 'y'], /^--role: one of viewer, operator, admin/],
  [['create-key', 'x', '--role', 'root', '--name', 'y'], /^--role: one of/],
  [
    ['create-key', 'x', '--role', 'admin', '--name', 'y', '--expires', '1999-01-01'],
    /^--expires: "1999-01-01" is neither/,
  ],
  [['quota'], /^quota needs the name of a tenant/],
  [['quota', 'plant', 'two'], /^"two" is unexpected; quote a name that contains spaces/],
  [['quota', 'x', '--generations', '1.5'], /^--generations: "1.5" is not a whole number in 0 … 2147483647/],
  [['quota', 'x', '--requests-per-minute', '0'], /^--requests-per-minute: "0" is not a whole number in 1 … 1000000/],
  [['quota', 'x', '--none', 'bytes'], /^--none: "bytes" is not one of generations, pixel-steps-per-day, stored-bytes/],
  [['quota', 'x', '--generations', '1', '--none', 'generations'], /^--generations: is set and also named after --none/],
  [['create', 'x', '--generations', '1'], /^create has no option --generations/],
  [['quota', 'nobody', '--generations', '1'], /^name: there is no tenant "nobody"\n$/],
  [['disable', 'nobody'], /^name: there is no tenant "nobody"\n$/],
  [['create', 'plant two'], /^name: there is a tenant "plant two" already\n$/],
  [['revoke-key', 'x'], /^there is no API key "x"; list-keys shows the ids\n$/],
])('%j says what is wrong', async (args, message) => {
  const { code, stderr } = await runTenantsHere(dataDirectory, ...args);
  expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
});

test.each([
  [[], /^a command is missing\n\nnpm run tenants -- list/],
  [['revoke-key', 'x'], /^there is no API key "x"; list-keys shows the ids\n$/],
])('the program says so for %j, and ends with 1', async (args, message) => {
  const { code, stdout, stderr } = await runTenants(dataDirectory, ...args);
  expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(message)]);
});
