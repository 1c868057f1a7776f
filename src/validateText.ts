/**
 * Validates text from outside before it reaches the database: bounded, and free of characters that PostgreSQL cannot
 * store.
 */
import { badInput, quote } from './errors.js';

const MAX_LENGTH = 200;

export function requireText(value: string, field: string): string {
  if (value.length === 0 || value.length > MAX_LENGTH) {
    throw badInput(field, `must have 1 to ${String(MAX_LENGTH)} characters, not ${String(value.length)}`);
  }
  // Control characters and unpaired surrogates.
  if (/[\p{Cc}\p{Cs}]/u.test(value)) throw badInput(field, `${quote(value)} has a character that is not text`);
  return value;
}

export function optionalText(value: string | null | undefined, field: string): string | undefined {
  return value == null ? undefined : requireText(value, field);
}
