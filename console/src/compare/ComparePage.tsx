import { Button, Group, NumberInput, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSession } from '../app/session.ts';
import { entriesOf } from '../draw/address.ts';
import { ModelField } from '../draw/ModelField.tsx';
import { modelNamed } from '../draw/modelChoice.ts';
import { PairFields } from '../draw/PairFields.tsx';
import { useChoices } from '../draw/useChoices.ts';
import { isRunning, useDrawing } from '../draw/useDrawing.ts';
import { NeedsOperator } from '../shared/NeedsOperator.tsx';
import { Page } from '../shared/Page.tsx';
import { Problem } from '../shared/Problem.tsx';
import type { View } from '../shared/SampleView.tsx';
import { VIEWS, ViewControl } from '../shared/SampleView.tsx';
import { useKeptInAddress } from '../shared/useKeptInAddress.ts';
import styles from './ComparePage.module.css';
import type { GridChoices } from './grid.ts';
import { gridInputs, strengthsOf } from './grid.ts';
import { SampleSweep } from './SampleSweep.tsx';

/** Samples from noise have nothing to wipe to. */
const COMPARED = VIEWS.filter((one) => one !== 'wipe');
const FIRST = { from: 1, to: 3, columns: 4, rows: 2 };

/** Strength against seed, and two models side by side. */
export default function ComparePage() {
  const { t } = useTranslation();
  const { session } = useSession();
  const { choices, given, setGiven, models, aliases, model, products, pairs, pair, unknownModel, error } = useChoices();
  useKeptInAddress(entriesOf(given));
  const [size, setSize] = useState(FIRST);
  const [second, setSecond] = useState('');
  const [view, setView] = useState<View>('image');
  const [drawn, setDrawn] = useState<GridChoices>();
  const left = useDrawing();
  const right = useDrawing();
  const others = models.filter(({ id }) => id !== model?.id);
  // The first model may have become the same one since.
  const other = modelNamed(second, others, aliases) === undefined ? '' : second;
  const drawable = pair !== undefined && pair.coverage !== 'UNSUPPORTED' && session.role !== 'VIEWER';

  function draw() {
    const names = [choices.model, other].filter((name): name is string => name !== undefined && name !== '');
    const { partNumber, defectCode, seed } = choices;
    const grid = { ...size, partNumber, defectCode, seed, models: names };
    setDrawn(grid);
    const [leftInput, rightInput] = gridInputs(grid);
    // The former samples are of other headings.
    if (leftInput !== undefined) void left.draw(leftInput, { draft: false, afresh: true });
    if (rightInput === undefined) right.cancel();
    else void right.draw(rightInput, { draft: false, afresh: true });
  }

  const number = (field: keyof typeof FIRST, min: number, max: number, step = 1) => (
    <NumberInput
      label={t(`compare.${field}`)}
      min={min}
      max={max}
      step={step}
      required
      withAsterisk={false}
      value={size[field]}
      onChange={(value) => typeof value === 'number' && setSize((former) => ({ ...former, [field]: value }))}
    />
  );
  const bounds = model?.ranges.strength ?? { min: 0, max: 5 };
  return (
    <Page
      title={t('pages.compare')}
      lead={t('compare.lead')}
      actions={<ViewControl views={COMPARED} value={view} onChange={setView} />}
    >
      <Problem error={error} />
      <div className={styles.columns}>
        <Stack
          component="form"
          gap="sm"
          onSubmit={(event) => {
            event.preventDefault();
            draw();
          }}
        >
          <PairFields
            choices={choices}
            products={products}
            pairs={pairs}
            onChange={(part) => setGiven((former) => ({ ...former, ...part }))}
          />
          <Group grow>
            {number('from', bounds.min, bounds.max, 0.25)}
            {number('to', bounds.min, bounds.max, 0.25)}
          </Group>
          {strengthsOf(size).length < 2 && (
            <Text size="xs" c="red" role="alert">
              {t('compare.sameStrength')}
            </Text>
          )}
          <Group grow>
            {number('columns', 2, 8)}
            {number('rows', 1, 8)}
          </Group>
          <ModelField
            label={t('draw.model')}
            value={choices.model ?? ''}
            models={models}
            aliases={aliases}
            error={unknownModel && t('draw.unknownModel', { model: unknownModel })}
            onChange={(name) => setGiven((former) => ({ ...former, model: name }))}
          />
          <ModelField
            label={t('compare.other')}
            description={models.length < 2 ? t('compare.oneModel') : undefined}
            value={other}
            none={t('compare.none')}
            models={others}
            aliases={aliases}
            onChange={setSecond}
          />
          <Button
            type="submit"
            disabled={!drawable || strengthsOf(size).length < 2}
            loading={isRunning(left.drawing) && left.drawing.phase === 'waiting'}
          >
            {t('compare.draw')}
          </Button>
          <NeedsOperator />
        </Stack>
        <Stack>
          {drawn === undefined && <p className={styles.empty}>{t('compare.empty')}</p>}
          {drawn?.models[0] !== undefined && (
            <SampleSweep grid={drawn} model={drawn.models[0]} drawing={left.drawing} view={view} />
          )}
          {drawn?.models[1] !== undefined && (
            <SampleSweep grid={drawn} model={drawn.models[1]} drawing={right.drawing} view={view} />
          )}
        </Stack>
      </div>
    </Page>
  );
}
