/** When a device worker is considered hung: with fake timers. */
import { jest } from '@jest/globals';
import { startWatchdog } from '../../src/inference/watchdog.js';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

function watched(isBusy: () => boolean) {
  const silent = jest.fn();
  const watch = startWatchdog(40, isBusy, silent);
  const pass = (seconds: number): number => {
    jest.advanceTimersByTime(1000 * seconds);
    return silent.mock.calls.length;
  };
  return { watch, pass };
}

test('fires once for each time that a busy worker is silent', () => {
  const { pass } = watched(() => true);
  expect(pass(40)).toBe(0);
  expect(pass(10)).toBe(1);
  expect(pass(40)).toBe(1);
  expect(pass(10)).toBe(2);
});

test('an occasional sign of life is enough', () => {
  const { watch, pass } = watched(() => true);
  for (let i = 0; i < 20; i++) {
    expect(pass(35)).toBe(0);
    watch.reset();
  }
});

test('an idle worker may be silent, and has the full time when it gets work', () => {
  let busy = false;
  const { pass } = watched(() => busy);
  expect(pass(1000)).toBe(0);
  busy = true;
  expect(pass(40)).toBe(0);
  expect(pass(10)).toBe(1);
});

test('never fires after it was stopped', () => {
  const { watch, pass } = watched(() => true);
  watch.stop();
  expect(pass(1000)).toBe(0);
});
