/** The throughput estimate of a device. */
import { createThroughputEstimator } from '../../src/inference/throughputEstimator.js';

describe('the throughput estimate', () => {
  test('is that of full batches: steps with few rows do not count, fuller ones count at once', () => {
    const speed = createThroughputEstimator();
    speed.record('b', 3, 0.012, 192);
    expect(speed.secondsPerRow('b')).toBeCloseTo(0.004, 9);
    speed.record('b', 192, 0.07, 192);
    expect(speed.secondsPerRow('b')).toBeCloseTo(0.07 / 192, 9);
    for (let i = 0; i < 100; i++) speed.record('b', 3, 0.012, 192);
    expect(speed.secondsPerRow('b')).toBeCloseTo(0.07 / 192, 9);
  });

  test('follows the steps, faster ones sooner than slower ones', () => {
    const speed = createThroughputEstimator();
    speed.record('b', 6, 6, 192);
    speed.record('b', 6, 0.6, 192);
    expect(speed.secondsPerRow('b')).toBeLessThan(0.6);
    for (let i = 0; i < 10; i++) speed.record('b', 6, 0.6, 192);
    const before = speed.secondsPerRow('b') ?? 0;
    speed.record('b', 6, 6, 192);
    expect(speed.secondsPerRow('b')).toBeLessThan(2 * before);
    for (let i = 0; i < 40; i++) speed.record('b', 6, 6, 192);
    expect(speed.secondsPerRow('b')).toBeGreaterThan(0.9);
  });

  test('is separate for each bundle', () => {
    const speed = createThroughputEstimator();
    speed.record('b', 6, 6, 192);
    expect(speed.secondsPerRow('other')).toBeUndefined();
  });
});
