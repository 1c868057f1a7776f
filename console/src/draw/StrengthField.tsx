import { Group, NumberInput, Slider, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';

interface Props {
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly onTurn: (strength: number) => void;
  readonly onRelease: (strength: number) => void;
}

const STEP = 0.05;

/** While it is turned, drafts are drawn; after its release, all samples. */
export function StrengthField({ value, min, max, onTurn, onRelease }: Props) {
  const { t } = useTranslation();
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
          value={value}
          onChange={(next) => {
            if (typeof next === 'number' && next >= min && next <= max && next !== value) onRelease(next);
          }}
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
      <Text size="xs" c="dimmed">
        {t('draw.strengthMeaning')}
      </Text>
    </Stack>
  );
}
