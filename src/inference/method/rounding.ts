/** Rounds like numpy and torch do. `Math.round` would round 166.5 to 167. */
export function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  return value - below === 0.5 ? below + (below % 2) : Math.round(value);
}
