import { Alert, Button, Stack } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { Suspense, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { loadedLater } from '../app/loadedLater.ts';
import { useSession } from '../app/session.ts';
import { Page } from '../shared/Page.tsx';
import { Problem } from '../shared/Problem.tsx';
import { keptState, useKeptInAddress } from '../shared/useKeptInAddress.ts';
import { Waiting } from '../shared/Waiting.tsx';
import { entriesOf } from './address.ts';
import type { Choices } from './choices.ts';
import { draftInput, finalInput, newSeed, obstacle, TRANSPLANT_STRENGTH } from './choices.ts';
import styles from './DrawPage.module.css';
import { LeftOutAlert } from './LeftOutAlert.tsx';
import { MethodFields } from './MethodFields.tsx';
import { ModelField } from './ModelField.tsx';
import { PairFields } from './PairFields.tsx';
import { Result } from './Result.tsx';
import { SeedFields } from './SeedFields.tsx';
import { StrengthField } from './StrengthField.tsx';
import type { Kept } from './useChoices.ts';
import { useChoices } from './useChoices.ts';
import { isRunning, useDrawing } from './useDrawing.ts';

const RegionField = loadedLater(() => import('./RegionField.tsx'));

/** Between two drafts while the slider is turned. */
const DRAFT_AFTER_MS = 120;
const MAXIMUM_COUNT = 64;

export default function DrawPage() {
  const { t } = useTranslation();
  const { session } = useSession();
  const { tenant } = session;
  const [kept] = useState(() => keptOf(tenant));
  const { choices, given, setGiven, models, aliases, products, pairs, references, ...found } = useChoices(kept);
  const { model, pair, missing, unknownModel, error } = found;
  const { drawing, draw, cancel } = useDrawing(kept?.drawn);
  const { generationId, seed } = drawing;
  const isDrawn = generationId !== undefined && !drawing.draft && drawing.samples.length > 0;
  const state = useMemo<Kept>(
    () => ({ tenant, given, drawn: isDrawn ? { id: generationId, seed } : undefined }),
    [tenant, given, isDrawn, generationId, seed],
  );
  useKeptInAddress(entriesOf(given), { pause: given.repeated !== undefined, state });
  const why = obstacle(choices, model, pair !== undefined && pair.coverage !== 'UNSUPPORTED');
  const mayDraw = session.role !== 'VIEWER';
  const isCount = choices.count >= 1 && choices.count <= MAXIMUM_COUNT;
  const ready = why === undefined && mayDraw && isCount && pair !== undefined;
  const bounds =
    choices.method === 'TRANSPLANT' ? TRANSPLANT_STRENGTH : (model?.ranges.strength ?? TRANSPLANT_STRENGTH);

  const change = (part: Partial<Choices>) => setGiven((former) => ({ ...former, ...part }));
  const drawDraft = useDebouncedCallback((next: Choices) => {
    if (ready) void draw(draftInput(next, model), { draft: true });
  }, DRAFT_AFTER_MS);

  function drawFinally(next: Choices) {
    drawDraft.cancel();
    if (ready) void draw(finalInput(next, model), { draft: false });
  }

  function submit() {
    // Whoever asks again without the lock wants other pictures.
    const again = (drawing.phase === 'done' && !choices.seedLocked) || Number.isNaN(choices.seed);
    const next = again ? { ...choices, seed: newSeed() } : choices;
    change({ seed: next.seed });
    drawFinally(next);
  }

  return (
    <Page title={t('pages.draw')} lead={t('draw.lead')}>
      <Problem error={error} />
      <LeftOutAlert names={missing} />
      <div className={styles.columns}>
        <Stack
          className={styles.fields ?? ''}
          component="form"
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          <PairFields choices={choices} products={products} pairs={pairs} onChange={change} />
          {(models.length > 1 || aliases.length > 0 || unknownModel !== undefined) && (
            <ModelField
              label={t('draw.model')}
              value={choices.model ?? ''}
              models={models}
              aliases={aliases}
              error={unknownModel && t('draw.unknownModel', { model: unknownModel })}
              onChange={(name) => change({ model: name })}
            />
          )}
          <MethodFields choices={choices} references={references} onChange={change} />
          {choices.method === 'PHOTOGRAPH' && choices.onto !== undefined && (
            <Suspense fallback={<Waiting />}>
              <RegionField
                key={choices.onto.id}
                photograph={choices.onto}
                region={choices.region}
                onChange={(region) => change({ region })}
              />
            </Suspense>
          )}
          <StrengthField
            value={choices.strength}
            {...bounds}
            onTurn={(strength) => {
              change({ strength, seed: choices.seed });
              drawDraft({ ...choices, strength });
            }}
            onRelease={(strength) => {
              change({ strength, seed: choices.seed });
              drawFinally({ ...choices, strength });
            }}
          />
          <SeedFields
            choices={choices}
            hasStudent={model?.turbo != null}
            maximumCount={MAXIMUM_COUNT}
            onChange={change}
          />
          {why !== undefined && pair !== undefined && <Alert color="orange">{t(`draw.obstacles.${why}`)}</Alert>}
          {!mayDraw && <Alert color="orange">{t('draw.viewer')}</Alert>}
          <Button type="submit" size="md" disabled={!ready}>
            {t(isRunning(drawing) ? 'draw.again' : 'draw.draw')}
          </Button>
        </Stack>
        <Result drawing={drawing} onCancel={cancel} />
      </div>
    </Page>
  );
}

function keptOf(tenant: string): Kept | undefined {
  const kept = keptState<Kept>();
  return kept?.tenant === tenant ? kept : undefined;
}
