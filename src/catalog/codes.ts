/**
 * Part numbers and defect codes as they are stored and compared. Texts that look the same are one code: Unicode is
 * canonical (NFC), blanks at the ends are dropped, and a blank within is a plain space. A character that nobody sees is
 * refused, because no person could tell the codes apart.
 */
import { badInput, quote } from '../errors.js';
import { canonicalCode } from '../canonicalCode.js';
import { requireText } from '../validateText.js';

/** With the separators of lines and paragraphs, and the blank of Braille, which Unicode does not count as one. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\u2800\uFFF9-\uFFFB]/u;

/** Returns the code in its canonical form. */
export function requireCode(given: string, field: string): string {
  const code = requireText(canonicalCode(given), field);
  const found = INVISIBLE.exec(code)?.[0];
  if (found === undefined) return code;
  const codePoint = `U+${(found.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  throw badInput(field, `${quote(code)} has the character ${codePoint}, which nobody sees; remove it`);
}

export function optionalCode(given: string | null | undefined, field: string): string | undefined {
  return given == null ? undefined : requireCode(given, field);
}

/** The same for a request of one pair; `requireCode` checks it. */
export function withCanonicalCodes<T extends { readonly partNumber: string; readonly defectCode: string }>(
  input: T,
): T {
  return { ...input, partNumber: canonicalCode(input.partNumber), defectCode: canonicalCode(input.defectCode) };
}
