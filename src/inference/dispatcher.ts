/**
 * Hands samples out to the devices, late: each has in hand what keeps it busy for a little while, and the rest waits here, so
 * that no device is left with a thousand samples that another would have drawn sooner. Where there is one device only, it has
 * everything at once, and decides everything itself.
 */
import type { Manifest } from './bundle/manifest.js';
import type { Task } from './device.js';
import { DeviceLostError } from './errors.js';
import type { DeviceView, Placement } from './deviceAssignment.js';
import { ALL_ROOM, FIRST_ROOM, ROOM, moves, placements } from './deviceAssignment.js';
import type { Post } from './post.js';
import { createQueue } from './fairQueue.js';
import type { Dispatch, PendingSample } from './pendingSample.js';
import { costOf } from './sampleCost.js';

export interface DeviceDispatch extends Dispatch {
  /** To be called when a device is ready again, is given up, or has made steps. */
  look(): void;
}

/** A sample from the draw to its end. */
interface Entry {
  readonly wanted: PendingSample;
  readonly bundle: string;
  readonly share: string;
  readonly priority: number;
  readonly rows: number;
  readonly rowSteps: number;
  /** For the fair shares: row-steps of larger pictures count more. */
  readonly work: number;
  attempts: number;
  hold: Hold | null;
}

/** In the hands of a device. */
interface Hold {
  readonly post: Post;
  readonly task: Task;
  /** 0 … 1 */
  done: number;
  started: boolean;
  canceled: boolean;
}

interface View extends DeviceView<Entry> {
  readonly post: Post;
}

/** A number that no other sample of this process has. */
let lastKey = 0;

export function createDispatch(posts: readonly Post[], manifestOf: (bundle: string) => Manifest): DeviceDispatch {
  const queue = createQueue<Entry>();
  const entries = new Map<PendingSample, Entry>();
  const held = new Map<Post, Set<Entry>>(posts.map((post) => [post, new Set()]));
  let lookIsDue = false;

  const livePosts = (): Post[] => posts.filter(({ device }) => device.info().state !== 'FAILED');

  const letGo = (entry: Entry): void => {
    if (entry.hold !== null) held.get(entry.hold.post)?.delete(entry);
    entry.hold = null;
  };

  const end = (entry: Entry): PendingSample => {
    letGo(entry);
    entries.delete(entry.wanted);
    look();
    return entry.wanted;
  };

  const backInTheQueue = (entry: Entry, { attempts }: Task): void => {
    letGo(entry);
    entry.attempts = attempts;
    queue.addAgain(entry);
    look();
  };

  /** A late word of a device that a sample was taken from is not for anybody. */
  const taskFor = (entry: Entry, post: Post): Task => {
    const whileItHasIt =
      <A extends unknown[]>(what: (hold: Hold, ...rest: A) => void) =>
      (...rest: A): void => {
        if (entry.hold?.task === task) what(entry.hold, ...rest);
      };
    const task: Task = {
      key: ++lastKey,
      request: entry.wanted.request,
      attempts: entry.attempts,
      started: whileItHasIt((hold) => {
        hold.started = true;
        entry.wanted.started();
      }),
      progress: whileItHasIt((hold, step: number, steps: number) => {
        hold.done = step / steps;
        entry.wanted.progress(step, steps);
      }),
      delivered: whileItHasIt((_, result) => end(entry).delivered(result)),
      failed: whileItHasIt((_, message: string) => end(entry).failed(message)),
      canceled: whileItHasIt(() => end(entry).canceled()),
      returned: whileItHasIt(() => backInTheQueue(entry, task)),
      lost: whileItHasIt((hold, error: DeviceLostError) => {
        if (hold.canceled) end(entry).canceled();
        // A sample that was given up because it kills workers is not handed on: its device lives.
        else if (post.device.info().state === 'FAILED' && livePosts().length > 0) backInTheQueue(entry, task);
        else end(entry).lost(error);
      }),
    };
    return task;
  };

  const give = ({ sample: entry, device: { post } }: Placement<Entry, View>): void => {
    const task = taskFor(entry, post);
    entry.hold = { post, task, done: 0, started: false, canceled: false };
    held.get(post)?.add(entry);
    post.device.add(task);
  };

  const views = (live: readonly Post[]): View[] => {
    const alone = live.length === 1;
    const ready = alone ? live : live.filter(({ device }) => device.info().state === 'READY');
    return ready.map((post) => {
      const { speed, rowBudget } = post;
      const fastest = (bundle: string): number =>
        Math.min(...ready.map((other) => other.speed.secondsPerRow(bundle) ?? Infinity));
      // As fast as the fastest until it has shown its speed; and where none has, all alike.
      const secondsPerRow = (bundle: string): number => {
        const assumed = speed.secondsPerRow(bundle) ?? fastest(bundle);
        return Number.isFinite(assumed) ? assumed : 1;
      };
      const isKnown = ({ bundle }: Entry): boolean => speed.secondsPerRow(bundle) !== undefined;
      return {
        post,
        held: [...(held.get(post) ?? [])].flatMap((entry) =>
          entry.hold === null || entry.hold.canceled
            ? []
            : { sample: entry, done: entry.hold.done, started: entry.hold.started },
        ),
        seconds: ({ bundle, rowSteps }) => secondsPerRow(bundle) * rowSteps,
        batches: ({ bundle, rows }) => rows / rowBudget(bundle),
        isKnown,
        room: (entry) => (alone ? ALL_ROOM : isKnown(entry) ? ROOM : FIRST_ROOM),
      };
    });
  };

  const handOut = (): void => {
    const live = livePosts();
    if (live.length === 0) {
      const error = everyDeviceFailed();
      for (const entry of [...queue.inOrder()]) {
        queue.remove(entry);
        end(entry).lost(error);
      }
      return;
    }
    if (queue.size > 0) {
      for (const placement of placements(queue.inOrder(), queue.heads(), views(live))) {
        queue.take(placement.sample);
        give(placement);
      }
    }
    if (queue.size > 0 || live.length === 1) return;
    for (const move of moves<Entry, View>(views(live))) {
      const { hold } = move.sample;
      letGo(move.sample);
      if (hold !== null) hold.post.device.cancel([hold.task]);
      give(move);
    }
  };

  /** Once for all that happens in one go. */
  const look = (): void => {
    if (lookIsDue) return;
    lookIsDue = true;
    queueMicrotask(() => {
      lookIsDue = false;
      handOut();
    });
  };

  return {
    look,
    draw(samples) {
      for (const wanted of samples) {
        const { bundle, fairnessKey = '', priority = 0 } = wanted.request;
        const manifest = manifestOf(bundle);
        const { rows, rowSteps } = costOf(wanted.request, manifest);
        const work = rowSteps * manifest.latent.height * manifest.latent.width;
        const entry = { wanted, bundle, share: fairnessKey, priority, rows, rowSteps, work, attempts: 0, hold: null };
        entries.set(wanted, entry);
        queue.add(entry);
      }
      look();
    },
    cancel(samples) {
      const holds: Hold[] = [];
      for (const wanted of samples) {
        const entry = entries.get(wanted);
        if (entry === undefined) continue;
        if (entry.hold === null) {
          queue.remove(entry);
          end(entry).canceled();
        } else {
          entry.hold.canceled = true;
          holds.push(entry.hold);
        }
      }
      for (const [{ device }, own] of Map.groupBy(holds, ({ post }) => post))
        device.cancel(own.map(({ task }) => task));
    },
  };
}

function everyDeviceFailed(): DeviceLostError {
  return new DeviceLostError('every device has failed; the log says why. Restart the service once that is mended');
}
