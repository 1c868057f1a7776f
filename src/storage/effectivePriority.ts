/** Waiting this long is worth one level of priority, so that a stream of urgent work cannot keep the rest out for ever. */
export const AGING_SECONDS = 60;

/**
 * Of a generation that waits: when it was accepted, less what its priority is worth. Priority that rises as it waits orders
 * generations as this does at any time, and this can be indexed. At UTC, for what depends on a connection's zone cannot. The index
 * is of migration 9: another expression needs another index.
 */
export const EFFECTIVE_PRIORITY = `((created_at at time zone 'UTC') - priority * interval '${String(AGING_SECONDS)} seconds')`;
