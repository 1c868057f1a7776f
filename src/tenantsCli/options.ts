/** Reads and validates the command line of `npm run tenants` before anything is opened. */
import { parseArgs } from 'node:util';
import type { TenantLimits } from '../config.js';
import { StartError } from '../errors.js';
import type { Role } from '../tenants/identity.js';
import { ROLES, parseRole } from '../tenants/identity.js';
import { LIMIT_OPTIONS, QUOTA_USAGE, readChanges } from './quotaOptions.js';

export type Command =
  | { readonly do: 'list' }
  | { readonly do: 'create'; readonly tenant: string; readonly adminKey: boolean }
  | { readonly do: 'disable' | 'enable' | 'list-keys'; readonly tenant: string }
  | {
      readonly do: 'create-key';
      readonly tenant: string;
      readonly role: Role;
      readonly name: string;
      readonly expiresAt: Date | null;
    }
  | { readonly do: 'quota'; readonly tenant: string; readonly changes: Partial<TenantLimits> }
  | { readonly do: 'revoke-key'; readonly id: string };

export const USAGE = `npm run tenants -- list
npm run tenants -- create NAME [--admin-key]
npm run tenants -- disable NAME | enable NAME
npm run tenants -- list-keys NAME
npm run tenants -- create-key NAME --role viewer|operator|admin --name TEXT [--expires 90d|12h|2027-01-31]
npm run tenants -- revoke-key ID
npm run tenants -- quota NAME ${QUOTA_USAGE}`;

const NO_OPTIONS: readonly string[] = [];
const OPTIONS: Readonly<Record<Command['do'], readonly string[]>> = {
  list: NO_OPTIONS,
  create: ['admin-key'],
  disable: NO_OPTIONS,
  enable: NO_OPTIONS,
  'list-keys': NO_OPTIONS,
  'create-key': ['role', 'name', 'expires'],
  'revoke-key': NO_OPTIONS,
  quota: [...LIMIT_OPTIONS, 'none'],
};

/** Throws `StartError` with the problem and the usage. */
export function readCommand(args: readonly string[], now = new Date()): Command {
  const { positionals, values } = parsed(args);
  const [verb, subject, ...more] = positionals;
  const name = Object.keys(OPTIONS).find((known) => known === verb) as Command['do'] | undefined;
  if (name === undefined) throw misused(verb === undefined ? 'a command is missing' : `"${verb}" is not a command`);
  for (const option of Object.keys(values)) {
    if (!OPTIONS[name].includes(option)) throw misused(`${name} has no option --${option}`);
  }
  if (name === 'list') {
    if (subject !== undefined) throw misused(`list takes no arguments, but got "${subject}"`);
    return { do: name };
  }
  if (subject === undefined)
    throw misused(`${name} needs ${name === 'revoke-key' ? 'the id of a key' : 'the name of a tenant'}`);
  if (name === 'quota') return { do: name, tenant: subject, changes: readChanges(values, more, misused) };
  if (more.length > 0) throw misused(`"${more.join(' ')}" is unexpected; quote a name that contains spaces`);
  if (name === 'revoke-key') return { do: name, id: subject };
  if (name === 'create') return { do: name, tenant: subject, adminKey: values['admin-key'] ?? false };
  if (name !== 'create-key') return { do: name, tenant: subject };
  const role = parseRole(values.role);
  if (role === undefined) throw misused(`--role: one of ${ROLES.join(', ').toLowerCase()}`);
  if (values.name === undefined) throw misused('--name: describe what the key is for');
  return { do: name, tenant: subject, role, name: values.name, expiresAt: expiry(values.expires, now) };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        'admin-key': { type: 'boolean' },
        role: { type: 'string' },
        name: { type: 'string' },
        expires: { type: 'string' },
        ...Object.fromEntries(LIMIT_OPTIONS.map((option) => [option, { type: 'string' as const }])),
        none: { type: 'string', multiple: true },
      },
    });
  } catch (error) {
    throw misused((error as Error).message);
  }
}

function expiry(text: string | undefined, now: Date): Date | null {
  if (text === undefined) return null;
  const [, amount, unit] = /^(\d{1,5})([dh])$/.exec(text) ?? [];
  const hours = Number(amount) * (unit === 'd' ? 24 : 1);
  const date = unit === undefined ? new Date(text) : new Date(now.getTime() + hours * 3_600_000);
  if (/^\d/.test(text) && date > now) return date;
  throw misused(`--expires: "${text}" is neither a duration, such as 90d or 12h, nor a date in the future`);
}

function misused(problem: string): StartError {
  return new StartError(`${problem}\n\n${USAGE}`);
}
