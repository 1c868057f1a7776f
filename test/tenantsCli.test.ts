/** The command line that makes tenants and their first keys. */
import { onPgliteOnly } from './support/database.js';
import { newDataDirectory, startServer } from './support/server.js';
import { runTenants } from './support/tenancy.js';

const dataDirectory = newDataDirectory();
const tenants = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await runTenants(dataDirectory, ...args);
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

onPgliteOnly('beside a service that runs on the embedded database it says so, and touches nothing', async () => {
  const server = await startServer({ DATA_DIR: dataDirectory });
  const refused = await runTenants(dataDirectory, 'list');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(
    / is in use by process \d+ .*\nThe embedded database can be open in one process only\./,
  );
  expect(refused.stderr).toContain('createApiKey and revokeApiKey');
  await server.stop();
});

test.each([
  [[], /^say what to do\n\nnpm run tenants -- list/],
  [['remove', 'x'], /^"remove" is not known/],
  [['create'], /^create needs the name of a tenant/],
  [['create', 'plant', 'two'], /^"two" is one word too many; a name with spaces goes in quotes/],
  [['list', '--admin-key'], /^list has no option --admin-key/],
  [['create-key', 'x', '--name', 'y'], /^--role: one of viewer, operator, admin/],
  [['create-key', 'x', '--role', 'root', '--name', 'y'], /^--role: one of/],
  [
    ['create-key', 'x', '--role', 'admin', '--name', 'y', '--expires', '1999-01-01'],
    /^--expires: "1999-01-01" is neither/,
  ],
  [['disable', 'nobody'], /^name: there is no tenant "nobody"\n$/],
  [['create', 'plant two'], /^name: there is a tenant "plant two" already\n$/],
  [['revoke-key', 'x'], /^there is no API key "x"; list-keys shows the ids\n$/],
])('%j says what is wrong', async (args, message) => {
  const { code, stderr } = await runTenants(dataDirectory, ...args);
  expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
});
