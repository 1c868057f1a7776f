import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useClient } from 'urql';
import { OneExportDocument } from '../generated/graphql.ts';
import { useDecimals } from '../shared/useDecimals.ts';

interface Props {
  readonly exportId: string;
  readonly url: string;
  readonly bytes: number;
}

/** The page may be older than the URL lasts, so the download asks for a new one. */
export function Download({ exportId, url, bytes }: Props) {
  const { t } = useTranslation();
  const decimals = useDecimals();
  const client = useClient();
  const [busy, setBusy] = useState(false);

  async function download() {
    setBusy(true);
    const { data } = await client.query(OneExportDocument, { id: exportId }, { requestPolicy: 'network-only' });
    setBusy(false);
    const link = document.createElement('a');
    link.href = data?.export?.archive?.url ?? url;
    link.download = '';
    link.click();
  }

  return (
    <Button
      component="a"
      href={url}
      download
      size="compact-sm"
      variant="default"
      loading={busy}
      leftSection={<IconDownload aria-hidden size={16} />}
      onClick={(event) => {
        event.preventDefault();
        void download();
      }}
    >
      {t('exports.download', { size: decimals(bytes / 1e6, 1) })}
    </Button>
  );
}
