import { Button, Checkbox, Group, NativeSelect, NumberInput, Paper, Stack, Text, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { CreateDataSetDocument, StartTrainingDocument } from '../generated/graphql.ts';
import { Problem } from '../shared/Problem.tsx';
import { useCatalogNames } from '../shared/useCatalogNames.ts';
import styles from './Trainings.module.css';

const FIRST = { name: '', version: '1.0.0', minutes: 30, window: 128 };
/** The service's bounds of the side of a window. */
const WINDOW = { min: 8, max: 16_384 };

/** First what is learnt, with what the service says of it; then the training. */
export function TrainingForm({ onStarted }: { readonly onStarted: () => void }) {
  const { t } = useTranslation();
  const { products } = useCatalogNames();
  const [given, setGiven] = useState('');
  const [withSamples, setWithSamples] = useState(false);
  const [{ name, version, minutes, window }, setFields] = useState(FIRST);
  const [made, make] = useMutation(CreateDataSetDocument);
  const [started, start] = useMutation(StartTrainingDocument);
  const partNumber = given === '' ? (products[0]?.partNumber ?? '') : given;
  const [ofProduct, setOfProduct] = useState<string>();
  const dataSet = ofProduct === partNumber ? made.data?.createDataSet : undefined;
  const set = (part: Partial<typeof FIRST>) => setFields((former) => ({ ...former, ...part }));

  async function mark() {
    const samples = withSamples ? { acceptedSamples: { partNumber } } : {};
    await make({ input: { name: partNumber, partNumbers: [partNumber], ...samples } });
    setOfProduct(partNumber);
  }

  async function submit(dataSetId: string) {
    const windows = [{ partNumber, window }];
    const { error } = await start({ input: { dataSetId, name, version, minutes, windows } });
    if (error === undefined) onStarted();
  }

  return (
    <Paper withBorder p="md" className={styles.form ?? ''}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (dataSet !== undefined) void submit(dataSet.id);
        }}
      >
        <Stack gap="sm">
          <NativeSelect
            label={t('draw.product')}
            value={partNumber}
            onChange={(event) => setGiven(event.currentTarget.value)}
            data={products.map((product) => ({ value: product.partNumber, label: product.name }))}
          />
          <Checkbox
            label={t('trainings.withSamples')}
            checked={withSamples}
            onChange={(event) => setWithSamples(event.currentTarget.checked)}
          />
          <div>
            <Button variant="default" disabled={partNumber === ''} loading={made.fetching} onClick={() => void mark()}>
              {t('trainings.mark')}
            </Button>
          </div>
          <Problem error={made.error} />
          {dataSet !== undefined && (
            <>
              <Text size="sm" role="status">
                {t('trainings.marked', { ...dataSet.counts, name: dataSet.name, version: dataSet.version })}
              </Text>
              {dataSet.findings.map(({ message }) => (
                <Text key={message} size="sm">
                  {message}
                </Text>
              ))}
              <Group grow align="end">
                <TextInput
                  label={t('trainings.name')}
                  placeholder="my-parts"
                  required
                  value={name}
                  onChange={(event) => set({ name: event.currentTarget.value })}
                />
                <TextInput
                  label={t('trainings.version')}
                  required
                  value={version}
                  onChange={(event) => set({ version: event.currentTarget.value })}
                />
              </Group>
              <Group grow align="end">
                <NumberInput
                  label={t('trainings.minutes')}
                  min={0.1}
                  value={minutes}
                  onChange={(value) => typeof value === 'number' && set({ minutes: value })}
                />
                <NumberInput
                  label={t('trainings.window')}
                  {...WINDOW}
                  allowDecimal={false}
                  value={window}
                  onChange={(value) => typeof value === 'number' && set({ window: value })}
                />
              </Group>
              <Button type="submit" loading={started.fetching}>
                {t('trainings.start')}
              </Button>
            </>
          )}
          <Problem error={started.error} />
        </Stack>
      </form>
    </Paper>
  );
}
