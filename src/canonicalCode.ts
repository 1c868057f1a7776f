/** Part numbers, defect codes, and names as they are stored and compared. Nothing is checked here: catalog/codes.ts does. */

const BLANK_WITHIN = /\p{Zs}/gu;

/** Texts that look the same are one code. */
export function canonicalCode(text: string): string {
  return canonicalName(text).replace(BLANK_WITHIN, ' ');
}

/** Names keep what is within them: some scripts need invisible characters. */
export function canonicalName(text: string): string {
  return text.normalize('NFC').trim();
}
