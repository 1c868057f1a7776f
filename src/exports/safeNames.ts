/**
 * Makes names of folders and classes from the names that tenants use. The results cannot leave their folder, are accepted by every
 * common file system, and are distinct on all of them. Letters and digits of every script are kept.
 */
import { createHash } from 'node:crypto';

const MAX_CHARACTERS = 60;
/** Reserved on Windows, with any extension. */
const RESERVED = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i;

/**
 * One name per text, the same for the same texts. If several texts would get the same name, or one of the `taken` names, all but the
 * first by code point get a part of their hash appended.
 */
export function safeNames(texts: Iterable<string>, taken: readonly string[] = []): ReadonlyMap<string, string> {
  const used = new Set(taken.map(foldedName));
  const names = new Map<string, string>();
  for (const text of [...new Set(texts)].sort()) {
    const name = nameBeside(text, used);
    used.add(foldedName(name));
    names.set(text, name);
  }
  return names;
}

/** The name of a text beside those in use, which are folded. */
export function nameBeside(text: string, used: ReadonlySet<string>): string {
  const plain = safe(text);
  return used.has(foldedName(plain)) ? `${plain}-${hashOf(text)}` : plain;
}

function safe(text: string): string {
  const plain = [...text.normalize('NFC').replace(/[^\p{L}\p{N}\p{M}._-]/gu, '_')]
    .slice(0, MAX_CHARACTERS)
    .join('')
    .replace(/^\.+|\.+$/g, (dots) => '_'.repeat(dots.length));
  return RESERVED.test(plain) || plain === '' ? `_${plain}` : plain;
}

/** Equal for names that a case-insensitive file system treats as equal. */
export function foldedName(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
