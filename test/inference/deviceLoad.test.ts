/** The share of the last minute that a device has denoised. */
import { createDeviceLoad } from '../../src/inference/deviceLoad.js';

let seconds: number;
beforeEach(() => (seconds = 1000));
const load = () => createDeviceLoad(() => seconds);

test('nothing was drawn: 0', () => {
  expect(load().share()).toBe(0);
});

test('half of the minute was spent in steps', () => {
  const device = load();
  for (let step = 0; step < 60; step++) {
    seconds++;
    device.record(0.5);
  }
  expect(device.share()).toBeCloseTo(0.5, 1);
});

test('what is longer ago than a minute no longer counts', () => {
  const device = load();
  device.record(30);
  seconds += 59;
  expect(device.share()).toBe(0.5);
  seconds += 2;
  expect(device.share()).toBe(0);
});

test('a step of more than a minute is a full one', () => {
  const device = load();
  device.record(90);
  expect(device.share()).toBe(1);
});
