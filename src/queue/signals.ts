/** What a channel of a queue carries beside the ids of rows that have news. */

/** There is a row to claim. */
export const QUEUED_SIGNAL = 'queued';
const CANCEL_PREFIX = 'cancel:';
/** The row is canceled, and its worker may stop. */
export const cancelSignal = (id: string): string => CANCEL_PREFIX + id;
/** The id of a cancel signal; empty for any other payload. */
export const canceledId = (payload: string): string =>
  payload.startsWith(CANCEL_PREFIX) ? payload.slice(CANCEL_PREFIX.length) : '';
