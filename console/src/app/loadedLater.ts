import type { ComponentType } from 'react';
import { lazy } from 'react';

type Module<P> = Readonly<{ default: ComponentType<P> }>;

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;
/** A page that was reloaded so recently is not reloaded again. */
const BETWEEN_RELOADS_MS = 60_000;
const RELOADED_AT = 'reloadedAt';

/**
 * A component whose code is fetched when it is first shown. While the service cannot be reached, for example because the
 * process behind a balancer has just ended, the code is asked for again. If the service answers but no longer has the
 * code, which is so after an update, the page is reloaded.
 */
export function loadedLater<P>(load: () => Promise<Module<P>>) {
  return lazy(() => untilLoaded(load));
}

async function untilLoaded<P>(load: () => Promise<Module<P>>): Promise<Module<P>> {
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    try {
      return await load();
    } catch (error) {
      await new Promise((resolve) => setTimeout(resolve, wait));
      if (wait === LONGEST_WAIT_MS && (await answers())) reloadOnce(error);
    }
  }
}

const answers = (): Promise<boolean> =>
  fetch('/', { method: 'HEAD' }).then(
    (answer) => answer.ok,
    () => false,
  );

function reloadOnce(error: unknown): void {
  if (Date.now() - Number(sessionStorage.getItem(RELOADED_AT) ?? 0) < BETWEEN_RELOADS_MS) throw error;
  sessionStorage.setItem(RELOADED_AT, String(Date.now()));
  location.reload();
}
