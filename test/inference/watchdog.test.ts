/** When a device worker is taken for hung: time that is counted, not measured. */
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

test('who has something to do and says nothing for so long is told of, once for each such time', () => {
  const { pass } = watched(() => true);
  expect(pass(40)).toBe(0);
  expect(pass(10)).toBe(1);
  expect(pass(40)).toBe(1);
  expect(pass(10)).toBe(2);
});

test('a word now and then is enough', () => {
  const { watch, pass } = watched(() => true);
  for (let i = 0; i < 20; i++) {
    expect(pass(35)).toBe(0);
    watch.reset();
  }
});

test('who has nothing to do may be silent, and has all the time when there is something', () => {
  let busy = false;
  const { pass } = watched(() => busy);
  expect(pass(1000)).toBe(0);
  busy = true;
  expect(pass(40)).toBe(0);
  expect(pass(10)).toBe(1);
});

test('after its end nothing is told', () => {
  const { watch, pass } = watched(() => true);
  watch.stop();
  expect(pass(1000)).toBe(0);
});
