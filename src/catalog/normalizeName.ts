/** Equality of names for people: "Metal_Nut" and "metal nut", "scratches" and "scratch". */

/** Lowercase, spaces in place of underscores and hyphens, and the last word in the singular. */
export function normalizeName(text: string): string {
  const parts = text
    .normalize('NFKC')
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toLowerCase()
    .split(/[\s_-]+/)
    .filter((part) => part !== '');
  return [...parts.slice(0, -1), singular(parts.at(-1) ?? '')].join(' ');
}

function singular(word: string): string {
  if (/[^aeiou]ies$/.test(word) && word.length > 4) return `${word.slice(0, -3)}y`;
  if (/(s|x|z|ch|sh)es$/.test(word)) return word.slice(0, -2);
  return /[^sui]s$/.test(word) && word.length > 3 ? word.slice(0, -1) : word;
}
