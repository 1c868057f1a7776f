/** Misspelt settings are found, and variables of others are left alone. */
import { SETTINGS } from '../src/config/settings.js';
import { unknownSettings } from '../src/config/unknownSettings.js';
import { knownSettings } from './support/deployment.js';

test('the list of settings is what the code reads', () => {
  expect(
    knownSettings()
      .filter((name) => !/^(AWS_|NODE_)/.test(name))
      .sort(),
  ).toEqual([...SETTINGS].sort());
});

test.each([
  ['DEVICE', 'DEVICES'],
  ['devices', 'DEVICES'],
  ['DEFECTDIFFU_PORT', 'PORT'],
  ['LOGLEVEL', 'LOG_LEVEL'],
  ['DATABSE_URL', 'DATABASE_URL'],
  ['MAX_QUEUED_SAMPELS', 'MAX_QUEUED_SAMPLES'],
  ['WEBHOOK_SPEED', undefined],
  ['MQTT_PASSWORD', undefined],
  ['TRAINER_MEMORY', undefined],
  ['CORS_HEADERS', undefined],
])('%s is unknown; near it is %s', (name, nearest) => {
  expect(unknownSettings({ [name]: '1' })).toEqual([{ name, nearest }]);
});

test('settings, and what is not ours, are not reported', () => {
  const ours = Object.fromEntries(SETTINGS.map((name) => [name, '1']));
  const others = {
    PATH: '/bin',
    HOSTNAME: 'x',
    HOME: '/root',
    LANG: 'C',
    http_proxy: 'x',
    POSTGRES_USER: 'x',
    AWS_REGION: 'x',
    NODE_OPTIONS: 'x',
    OTEL_SERVICE_NAME: 'x',
    DEFECTDIFFU_URL: 'http://x',
    DEFECTDIFFU_SERVICE_HOST: '10.0.0.1',
    DEFECTDIFFU_PORT: 'tcp://10.0.0.1:80',
    DEFECTDIFFU_PORT_80_TCP: 'x',
  };
  expect(unknownSettings({ ...ours, ...others })).toEqual([]);
});
