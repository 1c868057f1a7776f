/** How much of the last minute a device has denoised. */
const WINDOW_SECONDS = 60;

export interface DeviceLoad {
  /** @param seconds that a step took, which has just ended */
  record(seconds: number): void;
  /** 0 … 1 */
  share(): number;
}

/** @param now seconds of a clock that never goes back */
export function createDeviceLoad(now: () => number = () => performance.now() / 1000): DeviceLoad {
  /** Of each second in which a step ended, the time that its steps took; oldest first. */
  const seconds = new Map<number, number>();

  const forgetOld = (): void => {
    for (const second of seconds.keys()) {
      if (second > now() - WINDOW_SECONDS) return;
      seconds.delete(second);
    }
  };

  return {
    record(taken) {
      const second = Math.floor(now());
      seconds.set(second, (seconds.get(second) ?? 0) + taken);
      forgetOld();
    },
    share() {
      forgetOld();
      const taken = [...seconds.values()].reduce((sum, one) => sum + one, 0);
      return Math.min(1, taken / WINDOW_SECONDS);
    },
  };
}
