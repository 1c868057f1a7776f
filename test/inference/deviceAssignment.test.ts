import { paceOf, stageOf } from './simulatedDevices.js';

const ids = (count: number, name = 's'): string[] => Array.from({ length: count }, (_, i) => `${name}${String(i)}`);

describe('two devices, one 30 times as fast as the other', () => {
  const FAST = paceOf(1);
  const SLOW = paceOf(30);

  test.each([
    ['known', true],
    ['unknown', false],
  ])('together generate many samples in nearly the ideal time (throughput %s)', async (_, known) => {
    const stage = stageOf([SLOW, FAST], known);
    stage.draw(ids(300));
    const seconds = await stage.run();
    const ideal = 300 / (1 + 1 / 30);
    expect(seconds).toBeLessThan(1.05 * ideal);
    expect(stage.deliveredAt.size).toBe(300);
    expect(stage.devices[0]?.delivered.length).toBeGreaterThanOrEqual(7);
    expect(stage.devices[0]?.delivered.length).toBeLessThanOrEqual(10);
  });

  test('leave to the fast one the samples that it would finish sooner', async () => {
    const stage = stageOf([SLOW, FAST], true);
    stage.draw(ids(20));
    expect(await stage.run()).toBeCloseTo(20, 6);
    expect(stage.devices[0]?.delivered).toEqual([]);
  });

  test('do not wait for the slow one at the end, even if its throughput was unknown', async () => {
    const stage = stageOf([SLOW, FAST], false);
    stage.draw(ids(4));
    // The slow one is given one batch to show its speed. Its first step tells.
    const seconds = await stage.run();
    expect(stage.devices[0]?.delivered).toEqual([]);
    expect(seconds).toBeLessThan(6.5);
  });

  test('get samples late: neither has more than two batches', async () => {
    const stage = stageOf([SLOW, FAST], true);
    stage.draw(ids(1000));
    for (let second = 0; second < 100; second += 7) {
      await stage.run(second);
      for (const device of stage.devices) expect(device.inHand().length).toBeLessThanOrEqual(4 + 2);
    }
  });

  test('deliver each sample once', async () => {
    const stage = stageOf([SLOW, FAST], false);
    stage.draw(ids(50));
    await stage.run();
    expect(stage.told.filter((line) => line.startsWith('delivered'))).toHaveLength(50);
    expect(new Set(stage.devices.flatMap(({ delivered }) => delivered)).size).toBe(50);
  });
});

test.each([1, 8, 64])('two equal devices generate half of the samples each, %i at a time', async (atATime) => {
  const stage = stageOf([paceOf(1, atATime), paceOf(1, atATime)], false);
  stage.draw(ids(256));
  expect(await stage.run()).toBeLessThan(128 * 1.1);
  for (const { delivered } of stage.devices) expect(Math.abs(delivered.length - 128)).toBeLessThanOrEqual(atATime);
});

test('two equal devices share samples that one of them could take in a single batch', async () => {
  const stage = stageOf([paceOf(1, 64), paceOf(1, 64)], true);
  stage.draw(ids(10));
  expect(await stage.run()).toBeCloseTo(5, 6);
});

describe('a device whose worker dies', () => {
  test('returns its samples, and the other device generates them', async () => {
    const stage = stageOf([paceOf(1), paceOf(1)], true);
    stage.draw(ids(20));
    stage.at(3.01, () => stage.devices[0]?.die(Infinity));
    await stage.run();
    expect([...stage.deliveredAt.keys()].sort()).toEqual(ids(20).sort());
    expect(stage.told.filter((line) => /^(lost|failed)/.test(line))).toEqual([]);
  });

  test('returns samples that go before those that no device had', async () => {
    const stage = stageOf([paceOf(1), paceOf(1)], true);
    stage.draw(ids(40));
    let lost: string[] = [];
    stage.at(3.01, () => {
      lost = stage.devices[0]?.inHand() ?? [];
      stage.devices[0]?.die(Infinity);
    });
    await stage.run();
    const order = [...stage.deliveredAt.keys()];
    expect(lost).toHaveLength(4);
    // Behind those only that the other device had in hand.
    for (const id of lost) expect(order.indexOf(id)).toBeLessThan(4 + 4 + 8);
  });

  test('gets samples again as soon as it is back', async () => {
    const stage = stageOf([paceOf(1), paceOf(1)], true);
    stage.draw(ids(40));
    stage.at(3.01, () => stage.devices[0]?.die(2));
    const seconds = await stage.run();
    // Two seconds of one of two devices, and the batch that died with it.
    expect(seconds).toBeLessThan(20 + 1 + 1 + 2);
  });

  test('loses samples only when no device is left', async () => {
    const stage = stageOf([paceOf(1), paceOf(1)], true);
    stage.draw(ids(20));
    for (const device of stage.devices) stage.at(3.01, () => device.die(Infinity));
    await stage.run();
    expect(stage.told.filter((line) => line.startsWith('lost'))).toHaveLength(20 - stage.deliveredAt.size);
    expect(stage.told.at(-1)).toMatch(/^lost /);
  });
});

describe('beside a long generation on several devices', () => {
  const PACES = [paceOf(1), paceOf(4)];

  test('a sample of a higher priority reaches a device at once', async () => {
    const stage = stageOf(PACES, true);
    stage.draw(ids(500), { fairnessKey: 'long' });
    // Two at a time: a sample takes two seconds, and comes in at the next step.
    stage.at(20.3, () => stage.draw(['urgent'], { fairnessKey: 'long', priority: 5 }));
    await stage.run();
    expect((stage.deliveredAt.get('urgent') ?? Infinity) - 20.3).toBeLessThan(2.2);
  });

  test('a sample of another fairness key does not wait for a sample of the long one to finish', async () => {
    const stage = stageOf(PACES, true);
    stage.draw(ids(500), { fairnessKey: 'long' });
    stage.at(20.3, () => {
      stage.draw(['other'], { fairnessKey: 'other' });
    });
    await stage.run(20.31);
    expect(stage.devices.flatMap((device) => device.inHand())).toContain('other');
  });

  test('neither waits when the devices have full backlogs', async () => {
    const stage = stageOf(PACES, true);
    for (const share of ids(12, 'share')) stage.draw(ids(50, share), { fairnessKey: share });
    await stage.run(7);
    const inHand = (): string[] => stage.devices.flatMap((device) => device.inHand());
    stage.draw(['other'], { fairnessKey: 'other' });
    await stage.run(7.001);
    expect(inHand()).toContain('other');
    stage.draw(ids(4, 'urgent'), { fairnessKey: 'share0', priority: 5 });
    await stage.run(7.002);
    expect(inHand()).toEqual(expect.arrayContaining(ids(4, 'urgent')));
  });

  test('many samples of a high priority do not exclude the others from the devices', async () => {
    const stage = stageOf(PACES, true);
    stage.draw(ids(100), { fairnessKey: 'long' });
    stage.draw(ids(100, 'urgent'), { fairnessKey: 'hurried', priority: 5 });
    await stage.run(5);
    for (const device of stage.devices) {
      const inHand = device.inHand();
      expect(inHand.filter((id) => id.startsWith('urgent'))).toHaveLength(4);
      expect(inHand.filter((id) => id.startsWith('s')).length).toBeGreaterThan(0);
    }
  });

  test('each of several long ones can fill batches on each device', async () => {
    const stage = stageOf([paceOf(1, 4), paceOf(1, 4)], true);
    for (const share of ['a', 'b', 'c']) stage.draw(ids(100, share), { fairnessKey: share });
    await stage.run(7);
    for (const device of stage.devices) {
      for (const share of ['a', 'b', 'c']) {
        expect(device.inHand().filter((id) => id.startsWith(share)).length).toBeGreaterThanOrEqual(4);
      }
    }
  });

  test('a device never has more than sixteen batches', async () => {
    const stage = stageOf(PACES, true);
    for (const share of ids(100, 'share')) stage.draw(ids(10, share), { fairnessKey: share });
    await stage.run(7);
    for (const device of stage.devices) expect(device.inHand().length).toBeLessThanOrEqual(2 * (16 + 1));
  });
});

test('a single device gets all samples at once, in order', async () => {
  const stage = stageOf([paceOf(1)], false);
  stage.draw(ids(1000));
  await stage.run(0);
  expect(stage.devices[0]?.inHand()).toEqual(ids(1000));
});

test('the last device gets all waiting samples', async () => {
  const stage = stageOf([paceOf(1), paceOf(1)], true);
  stage.draw(ids(100));
  stage.at(2, () => stage.devices[0]?.die(Infinity));
  await stage.run(2e9);
  expect(stage.deliveredAt.size).toBe(100);
});

test('a cancellation rejects waiting samples at once, and assigned ones when the device has released them', async () => {
  const stage = stageOf([paceOf(1), paceOf(1)], true);
  const cancel = stage.draw(ids(30));
  await stage.run(0.2);
  const inHand = stage.devices.flatMap((device) => device.inHand());
  cancel();
  await Promise.resolve();
  await Promise.resolve();
  expect(stage.told.filter((line) => line.startsWith('canceled'))).toHaveLength(30 - inHand.length);
  await stage.run();
  expect(stage.told.filter((line) => line.startsWith('canceled'))).toHaveLength(30);
  expect(stage.deliveredAt.size).toBe(0);
});

test('assigning a sample takes no longer with 100 000 samples waiting', async () => {
  const cost = async (waiting: number): Promise<number> => {
    const stage = stageOf([paceOf(1), paceOf(30)], true);
    stage.draw(ids(waiting));
    await stage.run(1);
    // Unlike the clock, it does not count what other processes do.
    const began = process.cpuUsage();
    await stage.run(200);
    const { user, system } = process.cpuUsage(began);
    return (user + system) / 1000 / stage.deliveredAt.size;
  };
  await cost(1000);
  expect(await cost(100_000)).toBeLessThan(10 * (await cost(1000)) + 1);
});
