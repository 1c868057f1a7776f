import { Button, Checkbox, NativeSelect } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { CreateDataSetDocument } from '../generated/graphql.ts';
import { Problem } from '../shared/Problem.tsx';
import { useCatalogNames } from '../shared/useCatalogNames.ts';

interface Props {
  readonly onChosen: (dataSetId: string | undefined) => void;
}

/** All photographs of a product become a version of a data set with its part number as the name. */
export function MarkProduct({ onChosen }: Props) {
  const { t } = useTranslation();
  const { products } = useCatalogNames();
  const [given, setGiven] = useState('');
  const [withSamples, setWithSamples] = useState(false);
  const [made, make] = useMutation(CreateDataSetDocument);
  const partNumber = given === '' ? (products[0]?.partNumber ?? '') : given;

  async function mark() {
    const samples = withSamples ? { acceptedSamples: { partNumber } } : {};
    const { data } = await make({ input: { name: partNumber, partNumbers: [partNumber], ...samples } });
    onChosen(data?.createDataSet.id);
  }

  return (
    <>
      <NativeSelect
        label={t('draw.product')}
        value={partNumber}
        onChange={(event) => {
          setGiven(event.currentTarget.value);
          onChosen(undefined);
        }}
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
    </>
  );
}
