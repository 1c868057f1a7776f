/** A tenant's own limits as options of the command line. */
import type { TenantLimits } from '../config.js';
import { TENANT_LIMIT_SETTINGS } from '../config/limits.js';
import type { StartError } from '../errors.js';

/** In the order of the output. */
export const OPTION_OF: Readonly<Record<keyof TenantLimits, string>> = {
  concurrentGenerations: 'generations',
  pixelStepsPerDay: 'pixel-steps-per-day',
  storedBytes: 'stored-bytes',
  requestsPerMinute: 'requests-per-minute',
  retentionDays: 'retention-days',
  trainingMinutesPerDay: 'training-minutes-per-day',
};
export const LIMIT_OPTIONS = Object.values(OPTION_OF);
export const LIMITS = Object.keys(OPTION_OF) as (keyof TenantLimits)[];

export const QUOTA_USAGE = `[${LIMIT_OPTIONS.map((option) => `--${option} N`).join('] [')}] [--none FIELD…]
    (FIELD: ${LIMIT_OPTIONS.join(', ')})`;

type Values = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;
type UsageError = (problem: string) => StartError;

/** @param words more names after --none */
export function readChanges(values: Values, words: readonly string[], misused: UsageError): Partial<TenantLimits> {
  const given = LIMITS.filter((limit) => values[OPTION_OF[limit]] !== undefined);
  const changes: Partial<Record<keyof TenantLimits, number | null>> = Object.fromEntries(
    given.map((limit) => [limit, numberIn(String(values[OPTION_OF[limit]]), limit, misused)]),
  );
  for (const limit of namedAfterNone(values['none'], words, misused)) {
    if (given.includes(limit)) throw misused(`--${OPTION_OF[limit]}: is set and also named after --none`);
    changes[limit] = null;
  }
  return changes;
}

function numberIn(text: string, limit: keyof TenantLimits, misused: UsageError): number {
  const { min, max } = TENANT_LIMIT_SETTINGS[limit];
  if (/^\d+$/.test(text) && Number(text) >= min && Number(text) <= max) return Number(text);
  throw misused(`--${OPTION_OF[limit]}: "${text}" is not a whole number in ${String(min)} … ${String(max)}`);
}

function namedAfterNone(none: Values[string], words: readonly string[], misused: UsageError): (keyof TenantLimits)[] {
  if (!Array.isArray(none)) {
    if (words.length === 0) return [];
    throw misused(`"${words.join(' ')}" is unexpected; quote a name that contains spaces`);
  }
  return [...none, ...words].map((name: string) => {
    const limit = LIMITS.find((each) => OPTION_OF[each] === name);
    if (limit === undefined) throw misused(`--none: "${name}" is not one of ${LIMIT_OPTIONS.join(', ')}`);
    return limit;
  });
}
