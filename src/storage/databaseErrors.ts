/** Whether an error says that the database is unavailable, which is temporary, and not that a statement is wrong. */
const CODES = /^(ECONN|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_|EHOSTUNREACH|08|25P03|53[0-9]|55P03|57014|57P0)/;
/** Errors of the driver itself, which have no code. */
const MESSAGES = /Connection terminated|timeout exceeded when trying to connect|not queryable|Client was closed/i;

export function isDatabaseUnavailable(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if ((typeof code === 'string' && CODES.test(code)) || MESSAGES.test(cause.message)) return true;
  }
  return false;
}
