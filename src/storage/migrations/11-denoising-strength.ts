/**
 * Adds `denoisingStrength` to stored settings beside `freedom`, its name before 1.0.0. The old name stays for older
 * processes on the same database; a later release drops it.
 */
export const denoisingStrength: readonly string[] = [
  `update generation
    set settings = jsonb_set(settings, '{photograph,denoisingStrength}', settings -> 'photograph' -> 'freedom')
    where settings -> 'photograph' -> 'freedom' is not null`,
];
