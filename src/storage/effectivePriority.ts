/** Waiting this long raises the priority by one level, so that urgent work cannot block the rest forever. */
export const AGING_SECONDS = 60;

/**
 * The order of waiting generations: the time of acceptance, less the value of the priority. It orders generations like
 * a priority that rises with the waiting time, and it can be indexed. It uses UTC, because an index cannot depend on
 * the time zone of a connection. Migration 9 creates the index: another expression needs another index.
 */
export const EFFECTIVE_PRIORITY = `((created_at at time zone 'UTC') - priority * interval '${String(AGING_SECONDS)} seconds')`;
