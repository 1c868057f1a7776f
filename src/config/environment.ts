/** Reads and validates one setting. Error messages have its name, bounds, and value. */
import { StartError } from '../errors.js';
import type { SettingName } from './settings.js';

export type Environment = NodeJS.ProcessEnv;

/** Undefined if the variable is not set or empty. */
export function text(env: Environment, name: SettingName): string | undefined {
  const value = env[name]?.trim();
  return value === '' ? undefined : value;
}

export function integer(env: Environment, name: SettingName, fallback: number, min: number, max: number): number {
  const value = text(env, name);
  if (value === undefined) return fallback;
  if (/^\d+$/.test(value) && Number(value) >= min && Number(value) <= max) return Number(value);
  throw new StartError(`${name}: "${value}" is not a whole number in ${String(min)} … ${String(max)}`);
}

/** Null means unbounded. */
export function optionalInteger(env: Environment, name: SettingName, min: number, max: number): number | null {
  return text(env, name) === undefined ? null : integer(env, name, min, min, max);
}

export function oneOf<T extends string>(env: Environment, name: SettingName, values: readonly T[], fallback: T): T {
  const value = text(env, name) ?? fallback;
  const found = values.find((each) => each === value);
  if (found !== undefined) return found;
  throw new StartError(`${name}: "${value}" is not one of ${values.join(', ')}`);
}

export function flag(env: Environment, name: SettingName, fallback = false): boolean {
  return oneOf(env, name, ['true', 'false'], fallback ? 'true' : 'false') === 'true';
}

/** @param what describes a valid item, for the message */
export function list(
  env: Environment,
  name: SettingName,
  fallback: string,
  isSound: (item: string) => boolean,
  what: string,
): readonly string[] {
  const items = (text(env, name) ?? fallback)
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  const wrong = items.find((item) => !isSound(item));
  if (wrong === undefined) return items;
  throw new StartError(`${name}: "${wrong}" is not ${what}`);
}
