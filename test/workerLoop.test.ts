/** The worker loop that generations, exports and webhook deliveries share, with rows in memory. */
import type { Lease } from '../src/queue/lease.js';
import { ClaimLostError } from '../src/queue/lease.js';
import type { Work, WorkerLoop } from '../src/queue/workerLoop.js';
import { startWorkerLoop } from '../src/queue/workerLoop.js';
import { createLog } from '../src/log.js';
import type { Storage } from '../src/storage/database.js';

interface Attempt {
  readonly id: string;
  readonly signal: AbortSignal;
  readonly end: PromiseWithResolvers<undefined>;
}

/** A queue of ids whose attempts end as the test says. An aborted attempt ends by itself. */
async function createQueue(options: Partial<Work<string>> = {}) {
  const waiting: string[] = [];
  const attempts: Attempt[] = [];
  const released: string[] = [];
  const failed: [string, unknown][] = [];
  const lost: string[] = [];
  let held = (ids: readonly string[]): readonly string[] => ids;
  let notify: (payload: string) => void = () => undefined;
  const storage = {
    exclusive: false,
    listen(_: string, heard: (payload: string) => void) {
      notify = heard;
      return Promise.resolve(() => Promise.resolve());
    },
  } as unknown as Storage;
  const loop = await startWorkerLoop<string>({
    name: 'row',
    storage,
    log: createLog('silent'),
    channel: 'row',
    onNotification: (payload) => (payload === 'renew' ? 'RENEW' : 'CLAIM'),
    lease: { renew: (_, __, ids) => Promise.resolve(new Set(held(ids))) } as Partial<Lease> as Lease,
    holder: { owner: 'A', leaseSeconds: 30 },
    capacity: (running) => 2 - running.length,
    claim: (most) => Promise.resolve(waiting.splice(0, most)),
    idOf: (id) => id,
    logContext: (id) => ({ id }),
    async run(id, signal) {
      const end = Promise.withResolvers<undefined>();
      attempts.push({ id, signal, end });
      signal.addEventListener('abort', () => end.reject(signal.reason));
      await end.promise;
    },
    release: async (id) => void released.push(id),
    fail: async (id, error) => void failed.push([id, error]),
    lost: (id) => void lost.push(id),
    ...options,
  });
  const add = (...ids: string[]): void => {
    waiting.push(...ids);
    notify('');
  };
  const running = () => attempts.map(({ id }) => id);
  return { loop, add, attempts, released, failed, lost, running, notify: (payload: string) => notify(payload), lose: (id: string) => (held = (ids) => ids.filter((one) => one !== id)) }; // prettier-ignore
}

/** Lets everything run that needs no clock. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

const stop = (loop: WorkerLoop): Promise<void> => loop.stop();

test('a notification starts what there is capacity for, and the end of an attempt starts the next', async () => {
  const { loop, add, attempts, running } = await createQueue();
  add('1', '2', '3');
  await settled();
  expect(running()).toEqual(['1', '2']);
  attempts[0]?.end.resolve(undefined);
  await settled();
  expect(running()).toEqual(['1', '2', '3']);
  await stop(loop);
});

test('an attempt that throws is recorded as failed, and takes no other with it', async () => {
  const { loop, add, attempts, failed, released } = await createQueue();
  add('1', '2');
  await settled();
  attempts[0]?.end.reject(new Error('broken'));
  await settled();
  expect(failed).toEqual([['1', new Error('broken')]]);
  await stop(loop);
  expect(released).toEqual(['2']);
});

test('a claim that is lost ends its attempt at the next renewal, with nothing to record', async () => {
  const { loop, add, attempts, failed, lost, released, notify, lose } = await createQueue();
  add('1', '2');
  await settled();
  lose('1');
  notify('renew');
  await settled();
  expect(attempts[0]?.signal.reason).toBeInstanceOf(ClaimLostError);
  expect([lost, failed, released]).toEqual([['1'], [], []]);
  expect(attempts[1]?.signal.aborted).toBe(false);
  await stop(loop);
});

test('a write that finds the claim lost ends the attempt in the same way', async () => {
  const { loop, add, attempts, failed, lost } = await createQueue();
  add('1');
  await settled();
  attempts[0]?.end.reject(new ClaimLostError('1 is no longer held by A'));
  await settled();
  expect([lost, failed]).toEqual([['1'], []]);
  await stop(loop);
});

test('at a stop nothing more is claimed, attempts end within the grace, and the rest is released', async () => {
  const { loop, add, attempts, running, released } = await createQueue({ graceMs: 1_000 });
  add('1', '2');
  await settled();
  const stopping = stop(loop);
  add('3');
  await settled();
  expect(attempts.map(({ signal }) => signal.aborted)).toEqual([false, false]);
  attempts[0]?.end.resolve(undefined);
  await stopping;
  expect([running(), released]).toEqual([['1', '2'], ['2']]);
});

test('what is claimed while the worker stops is released and not begun', async () => {
  const claim = Promise.withResolvers<readonly string[]>();
  const { loop, running, released } = await createQueue({ claim: () => claim.promise });
  const stopping = stop(loop);
  claim.resolve(['late']);
  await stopping;
  expect([running(), released]).toEqual([[], ['late']]);
});

test('a claim that fails, as when the database is away, is tried again', async () => {
  let calls = 0;
  const { loop, add, running } = await createQueue({
    claim: () => (++calls === 1 ? Promise.reject(new Error('away')) : Promise.resolve(calls === 2 ? ['1'] : [])),
  });
  await settled();
  add();
  await settled();
  expect(running()).toEqual(['1']);
  await stop(loop);
});
