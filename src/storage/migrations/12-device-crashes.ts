/**
 * How often a device worker died while a sample of the generation ran on it, without a new sample since. What an older version counts,
 * the processes that died, stays in `attempts`.
 */
export const deviceCrashes: readonly string[] = [
  `alter table generation add column device_crashes integer not null default 0`,
];
