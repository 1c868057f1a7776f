/** What the engine is told of a sample after a step: how far it is, not too often, and a preview if one is due. */
import type { SampleMessage } from '../../deviceProtocol.js';
import type { Model } from '../model/model.js';
import type { Job } from '../sample/job.js';
import { currentStep, isDenoised } from '../sample/job.js';
import { encodePreview, isPreviewDue } from '../sample/preview.js';

/** The shortest time between two progress messages of a sample. */
const PROGRESS_INTERVAL_MS = 100;

interface ReportedSample {
  readonly key: number;
  progressSentAt: number;
}

/** @param send may ignore the message, which for a preview comes later */
export function reportStep(
  model: Model,
  job: Job,
  sample: ReportedSample,
  send: (message: SampleMessage) => void,
): void {
  const { key } = sample;
  const now = performance.now();
  if (isDenoised(job) || now - sample.progressSentAt >= PROGRESS_INTERVAL_MS) {
    sample.progressSentAt = now;
    send({ kind: 'progress', key, step: currentStep(job), steps: job.totalSteps });
  }
  if (!isPreviewDue(job)) return;
  // A preview that cannot be made is no reason to fail: the sample itself will tell.
  encodePreview(model, job).then(
    (image) => send({ kind: 'preview', key, image }),
    () => undefined,
  );
}
