import { ActionIcon, Checkbox, Group, NumberInput } from '@mantine/core';
import { IconDice5 } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Choices } from './choices.ts';
import { newSeed } from './choices.ts';

interface Props {
  readonly choices: Choices;
  /** Whether the model has a student, which draws unless all steps are asked for. */
  readonly hasStudent: boolean;
  readonly maximumCount: number;
  readonly onChange: (change: Partial<Choices>) => void;
}

export function SeedFields({ choices, hasStudent, maximumCount, onChange }: Props) {
  const { t } = useTranslation();
  return (
    <>
      <Group grow align="start" wrap="nowrap">
        <NumberInput
          label={t('draw.count')}
          min={1}
          max={maximumCount}
          allowDecimal={false}
          value={shown(choices.count)}
          onChange={(count) => onChange({ count: typed(count) })}
          error={
            !(choices.count >= 1 && choices.count <= maximumCount) && t('draw.countBounds', { maximum: maximumCount })
          }
        />
        <NumberInput
          label={t('draw.seed')}
          min={0}
          max={2 ** 31 - 1}
          allowDecimal={false}
          hideControls
          value={shown(choices.seed)}
          onChange={(seed) => onChange({ seed: typed(seed), seedLocked: true })}
          onBlur={() => Number.isNaN(choices.seed) && onChange({ seed: newSeed(), seedLocked: false })}
          rightSection={
            <ActionIcon variant="subtle" aria-label={t('draw.newSeed')} onClick={() => onChange({ seed: newSeed() })}>
              <IconDice5 aria-hidden size={18} />
            </ActionIcon>
          }
        />
      </Group>
      <Checkbox
        label={t('draw.lockSeed')}
        checked={choices.seedLocked}
        onChange={(event) => onChange({ seedLocked: event.currentTarget.checked })}
      />
      {hasStudent && choices.method !== 'TRANSPLANT' && (
        <Checkbox
          label={t('draw.allSteps')}
          description={t('draw.allStepsMeaning')}
          checked={choices.allSteps}
          onChange={(event) => onChange({ allSteps: event.currentTarget.checked })}
        />
      )}
    </>
  );
}

/** An empty field, and nothing else, is no number. */
function typed(value: number | string): number {
  return typeof value === 'number' ? value : Number.NaN;
}

function shown(value: number): number | '' {
  return Number.isNaN(value) ? '' : value;
}
