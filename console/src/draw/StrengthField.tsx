import { Group, NumberInput, Slider, Stack, Text } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

interface Props {
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly onTurn: (strength: number) => void;
  readonly onRelease: (strength: number) => void;
}

const STEP = 0.05;
/** After the last digit that is typed. */
const DRAW_AFTER_MS = 700;

/** While it is turned, drafts are drawn; after its release, all samples. */
export function StrengthField({ value, min, max, onTurn, onRelease }: Props) {
  const { t } = useTranslation();
  /** Undefined while nothing is typed. */
  const [typed, setTyped] = useState<number | string>();
  const isBetween = (number: number | string | undefined) =>
    typeof number === 'number' && number >= min && number <= max;

  function commit(next: number) {
    setTyped(undefined);
    if (next !== value) onRelease(next);
  }
  const drawSoon = useDebouncedCallback(commit, DRAW_AFTER_MS);

  return (
    <Stack gap={4}>
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm" fw={500}>
          {t('draw.strength')}
        </Text>
        <NumberInput
          aria-label={t('draw.strengthNumber')}
          size="xs"
          w={80}
          min={min}
          max={max}
          step={STEP}
          decimalScale={2}
          clampBehavior="none"
          value={typed ?? value}
          onChange={(next) => {
            // It also tells of what it was given.
            if (next === (typed ?? value)) return;
            setTyped(next);
            drawSoon.cancel();
            if (typeof next === 'number' && isBetween(next)) drawSoon(next);
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || typed === undefined) return;
            event.preventDefault();
            drawSoon.cancel();
            if (typeof typed === 'number' && isBetween(typed)) commit(typed);
          }}
          onBlur={() => {
            drawSoon.cancel();
            commit(typeof typed === 'number' ? Math.min(Math.max(typed, min), max) : value);
          }}
          error={typed !== undefined && !isBetween(typed)}
        />
      </Group>
      <Slider
        thumbLabel={t('draw.strength')}
        min={min}
        max={max}
        step={STEP}
        value={value}
        label={null}
        onChange={onTurn}
        onChangeEnd={onRelease}
      />
      {typed === undefined || isBetween(typed) ? (
        <Text size="xs" c="dimmed">
          {t('draw.strengthMeaning')}
        </Text>
      ) : (
        <Text size="xs" c="var(--mantine-color-error)" role="alert">
          {t('draw.strengthBounds', { min, max })}
        </Text>
      )}
    </Stack>
  );
}
