/** PostgreSQL stores neither NUL nor half of a surrogate pair, and refuses a query that asks for either. */
export function isStorable(text: string): boolean {
  return !text.includes('\0') && text.isWellFormed();
}
