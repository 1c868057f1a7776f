/**
 * Samples that differ in nothing but who wants them are drawn once while they are in flight together, and everybody gets the
 * result under an id of their own. They may be different tenants': a result depends on its request alone, so all that one
 * could learn of the other is that somebody asked for the same just now.
 */
import { requestKeys } from './requestKey.js';
import type { Dispatch, PendingSample } from './pendingSample.js';

/** One sample that is drawn, and all who want it. */
interface Joint {
  readonly identity: string;
  readonly members: Set<PendingSample>;
  /** Of any member so far. */
  priority: number;
  started: boolean;
  /** The last of them wants it no longer, and the dispatch has not let go of it yet. */
  canceled: boolean;
  /** What the dispatch knows it by; its share is the first member's. */
  drawn: PendingSample | null;
}

export function joinIdentical(dispatch: Dispatch): Dispatch {
  /** Those that can still be joined. */
  const open = new Map<string, Joint>();
  const jointOf = new Map<PendingSample, Joint>();

  const close = (joint: Joint): void => {
    if (open.get(joint.identity) === joint) open.delete(joint.identity);
  };

  /** To be drawn from now on. Nothing more is heard of what was to be drawn before. */
  const beginDrawn = (joint: Joint, request: PendingSample['request']): PendingSample => {
    const whileDrawn =
      <A extends unknown[]>(what: (...rest: A) => void) =>
      (...rest: A): void => {
        if (joint.drawn === drawn) what(...rest);
      };
    /** Telling one may cancel others. */
    const tellAll = (what: (member: PendingSample) => void): void => {
      for (const member of [...joint.members]) if (joint.members.has(member) && !joint.canceled) what(member);
    };
    const end = (what: (member: PendingSample) => void): void => {
      close(joint);
      for (const member of joint.members) jointOf.delete(member);
      joint.members.forEach(what);
    };
    const drawn: PendingSample = {
      request,
      started: whileDrawn(() => {
        joint.started = true;
        tellAll((member) => member.started());
      }),
      progress: whileDrawn((step: number, steps: number) => tellAll((member) => member.progress(step, steps))),
      delivered: whileDrawn((result) => end((member) => member.delivered({ ...result, id: member.request.id }))),
      failed: whileDrawn((message: string) => end((member) => member.failed(message))),
      canceled: whileDrawn(() => end((member) => member.canceled())),
      lost: whileDrawn((error) => end((member) => member.lost(error))),
    };
    joint.drawn = drawn;
    return drawn;
  };

  return {
    draw(samples) {
      const identities = requestKeys(samples.map(({ request }) => request));
      const begun: PendingSample[] = [];
      const replaced: PendingSample[] = [];
      const underWay: PendingSample[] = [];
      samples.forEach((wanted, i) => {
        const { priority = 0 } = wanted.request;
        const identity = identities[i] ?? '';
        let joint = open.get(identity);
        // One that was begun with a lower priority may be set aside for long: whoever is in a hurry has his own drawn.
        if (joint === undefined || (joint.started && priority > joint.priority)) {
          joint = { identity, members: new Set(), priority, started: false, canceled: false, drawn: null };
          open.set(identity, joint);
          begun.push(beginDrawn(joint, wanted.request));
        } else if (priority > joint.priority && joint.drawn !== null) {
          joint.priority = priority;
          replaced.push(joint.drawn);
          begun.push(beginDrawn(joint, { ...joint.drawn.request, priority }));
        }
        joint.members.add(wanted);
        jointOf.set(wanted, joint);
        if (joint.started) underWay.push(wanted);
      });
      dispatch.cancel(replaced);
      // One that was replaced at once was never begun.
      dispatch.draw(begun.filter((drawn) => !replaced.includes(drawn)));
      for (const wanted of underWay) wanted.started();
    },

    cancel(samples) {
      const given: PendingSample[] = [];
      for (const wanted of samples) {
        const joint = jointOf.get(wanted);
        if (joint === undefined) continue;
        if (joint.members.size > 1) {
          joint.members.delete(wanted);
          jointOf.delete(wanted);
          wanted.canceled();
        } else if (joint.drawn !== null) {
          // It is being given up: who asks for the same now has it drawn anew.
          close(joint);
          joint.canceled = true;
          given.push(joint.drawn);
        }
      }
      dispatch.cancel(given);
    },
  };
}
