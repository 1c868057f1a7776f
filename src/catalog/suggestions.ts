/** Suggestions in errors for codes that the catalog does not have. */
import { quote } from '../errors.js';

/** What the caller probably meant: codes are compared with their case. Empty without suggestions. */
export function inOtherCase(suggestions: readonly string[]): string {
  return suggestions.length === 0 ? '' : `; did you mean ${suggestions.map(quote).join(' or ')}? Case matters`;
}
