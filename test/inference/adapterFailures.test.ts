/** A graph that fails takes the samples of its own adapter along, and nobody else's. */
import type { Model } from '../../src/inference/device/model/model.js';
import type { Evaluation, Prediction } from '../../src/inference/device/model/evaluation.js';
import type { DenoisingState } from '../../src/inference/device/sample/denoisingState.js';
import { denoiseStepWithinMemory } from '../../src/inference/device/sample/denoisingStep.js';

const state = (adapter: string | null): DenoisingState =>
  ({
    conditions: { adapter, rowBackground: [], background: [], defect: [], fusion: [] },
    plan: { rows: [], maskRow: null },
    sampler: { timesteps: [1], step: () => undefined },
    timesteps: [1],
    step: 0,
  }) as unknown as DenoisingState;

function modelThatFailsWith(broken: string): { model: Model; evaluated: (string | null)[][] } {
  const evaluated: (string | null)[][] = [];
  const denoise = ({ adapters }: Evaluation): Promise<Prediction[]> => {
    evaluated.push([...adapters]);
    return adapters.includes(broken) ? Promise.reject(new Error('its graph cannot be computed')) : Promise.resolve([]);
  };
  return { model: { manifest: { mask: { lateTimestep: 0 } }, denoise } as unknown as Model, evaluated };
}

test('the samples of its base and of other adapters are evaluated without it', async () => {
  const { model, evaluated } = modelThatFailsWith('broken');
  const states = [state(null), state('broken'), state('sound'), state('broken')];
  const failures = await denoiseStepWithinMemory(model, states, () => undefined);
  expect(evaluated.slice(1)).toEqual([[null], ['broken', 'broken'], ['sound']]);
  const blamed = failures.filter(({ error }) => error.message === 'its graph cannot be computed');
  expect(blamed.map(({ state: failed }) => states.indexOf(failed))).toEqual([1, 3]);
});
