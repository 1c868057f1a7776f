import { Button, Checkbox, Group, NativeSelect } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { WindowFlips } from '../generated/graphql.ts';
import { useCatalogNames } from '../shared/useCatalogNames.ts';
import type { TrainingRules, WindowChoices } from './choices.ts';
import { FLIPS, firstWindow } from './choices.ts';
import { OptionalNumber } from './OptionalNumber.tsx';
import styles from './Trainings.module.css';

interface Props {
  readonly windows: readonly WindowChoices[];
  readonly rules: TrainingRules;
  readonly onChange: (windows: readonly WindowChoices[]) => void;
}

/** How windows are cut, product by product. */
export function WindowFields({ windows, rules, onChange }: Props) {
  const { t } = useTranslation();
  const { products } = useCatalogNames();
  const { trainingDefaults: defaults, trainingRanges: ranges } = rules;
  const unused = products.find(({ partNumber }) => !windows.some((window) => window.partNumber === partNumber));
  return (
    <>
      {windows.map((window, index) => {
        const set = (part: Partial<WindowChoices>) =>
          onChange(windows.map((one, at) => (at === index ? { ...one, ...part } : one)));
        return (
          <fieldset key={index} className={styles.window}>
            <legend>{t('trainings.windows')}</legend>
            <NativeSelect
              label={t('trainings.windowsOf')}
              value={window.partNumber}
              onChange={(event) => set({ partNumber: event.currentTarget.value })}
              data={products.map(({ partNumber, name }) => ({ value: partNumber, label: name }))}
            />
            <div className={styles.fields}>
              <OptionalNumber
                label={t('trainings.window')}
                description={t('trainings.windowMeaning')}
                usual={defaults.window}
                range={ranges.window}
                value={window.window}
                onChange={(side) => set({ window: side })}
              />
              <OptionalNumber
                label={t('trainings.zoom')}
                description={t('trainings.zoomMeaning', ranges.zoom)}
                usual={defaults.zoom}
                range={ranges.zoom}
                step={0.1}
                value={window.zoom}
                onChange={(zoom) => set({ zoom })}
              />
            </div>
            <NativeSelect
              label={t('trainings.flips')}
              value={window.flips}
              onChange={(event) => set({ flips: event.currentTarget.value as WindowFlips | '' })}
              data={[
                { value: '', label: `${t('trainings.default')}: ${t(`trainings.flipsOf.${defaults.flips}`)}` },
                ...FLIPS.map((value) => ({ value, label: t(`trainings.flipsOf.${value}`) })),
              ]}
            />
            <Checkbox
              label={t('trainings.quarterTurns')}
              checked={window.quarterTurns}
              onChange={(event) => set({ quarterTurns: event.currentTarget.checked })}
            />
            {windows.length > 1 && (
              <div>
                <Button
                  size="compact-sm"
                  variant="default"
                  onClick={() => onChange(windows.filter((one) => one !== window))}
                >
                  {t('trainings.removeWindows')}
                </Button>
              </div>
            )}
          </fieldset>
        );
      })}
      {unused !== undefined && (
        <Group>
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => onChange([...windows, firstWindow(unused.partNumber, defaults)])}
          >
            {t('trainings.moreWindows')}
          </Button>
        </Group>
      )}
    </>
  );
}
