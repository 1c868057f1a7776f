/** What serverInfo says of trainings is what requests get, and what the training package fills in. */
import { readFileSync } from 'node:fs';
import { STUDENT_MODELS } from './inference/studentAdapters.js';
import { importParts } from './support/models.js';
import type { Json, Server } from './support/server.js';
import { startServer } from './support/server.js';
import { FAKE_TRAINER, refusedTraining, startTraining, trainableDataSet } from './support/trainings.js';

const RANGES = ['minutes', 'window', 'zoom', 'rank', 'seed', 'priority'] as const;
const MAX_INT = 2 ** 31 - 1;
const QUERY = `{ serverInfo {
  trainingDefaults { kind minutes license terms rank measureDetectors priority window flips quarterTurns zoom }
  trainingRanges { ${RANGES.map((name) => `${name} { min max }`).join(' ')} } } }`;

let server: Server;
let dataSetId: string;
let defaults: Json;
let ranges: Json;

beforeAll(async () => {
  server = await startServer({ MODELS_DIR: STUDENT_MODELS, MAX_TRAINING_MINUTES: '20', ...FAKE_TRAINER });
  await importParts(server);
  dataSetId = await trainableDataSet(server, { partNumber: 'BRASS-COG', defectCode: 'DENT' });
  const { serverInfo } = await server.data(QUERY);
  ({ trainingDefaults: defaults, trainingRanges: ranges } = serverInfo);
});

const wish = (name: string, more: object = {}): object => ({ dataSetId, name, version: '1.0.0', ...more });

test('a request that leaves all out gets the defaults', async () => {
  const { kind, minutes, priority, options } = await startTraining(server, wish('usual'));
  const { license, terms, rank, measureDetectors } = defaults;
  expect({ kind, minutes, priority }).toEqual({ kind: defaults.kind, minutes: 20, priority: defaults.priority });
  expect(options).toMatchObject({ license, terms, rank, measureDetectors, seed: null, windows: [] });
  expect(defaults.minutes).toBe(20);
});

test('the defaults of windows and of the rank are those of the training package', () => {
  const { properties } = JSON.parse(readFileSync('models/training-request.schema.json', 'utf8')) as Json;
  const { window, flips, quarter_turns, zoom } = properties.windows.additionalProperties.properties;
  expect([window.default, flips.default, quarter_turns.default, zoom.default, properties.adapter_rank.default]).toEqual(
    [defaults.window, defaults.flips === 'BOTH', defaults.quarterTurns, defaults.zoom, defaults.rank],
  );
});

test.each(RANGES)('the ends of the range of %s are accepted, and nothing beyond', async (name) => {
  const given = (value: number): object =>
    name === 'window' || name === 'zoom'
      ? { windows: [{ partNumber: 'BRASS-COG', [name]: value }] }
      : { [name]: value };
  const { min, max } = ranges[name];
  for (const end of [min, max] as number[]) await startTraining(server, wish(`${name}-${String(end)}`, given(end)));
  const step = name === 'minutes' || name === 'zoom' ? 0.01 : 1;
  for (const value of [min - step, max + step]) {
    const { extensions } = await refusedTraining(server, wish(`${name}-beyond`, given(value)));
    // What is no Int is refused by the schema.
    expect(extensions).toMatchObject(value > MAX_INT ? { code: 'BAD_USER_INPUT' } : { min, max });
  }
});
