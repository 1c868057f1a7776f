import { Alert, Button, NativeSelect, Stack, Table, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import type { ApiKeysQuery, Role } from '../generated/graphql.ts';
import { ApiKeysDocument, CreateApiKeyDocument, RevokeApiKeyDocument } from '../generated/graphql.ts';
import { MoreButton } from '../shared/MoreButton.tsx';
import { useSession } from '../app/session.ts';
import { Confirmation } from '../shared/Confirmation.tsx';
import { Problem } from '../shared/Problem.tsx';
import { ScrollingTable } from '../shared/ScrollingTable.tsx';
import { usePages } from '../shared/usePages.ts';
import styles from './Operations.module.css';

const ROLES: readonly Role[] = ['VIEWER', 'OPERATOR', 'ADMIN'];

const keysOf = ({ apiKeys }: ApiKeysQuery) => apiKeys;

export function Keys() {
  const { t, i18n } = useTranslation();
  const { session } = useSession();
  const pages = usePages(ApiKeysDocument, {}, keysOf);
  const [created, create] = useMutation(CreateApiKeyDocument);
  const [revoked, revoke] = useMutation(RevokeApiKeyDocument);
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('OPERATOR');
  const secret = created.data?.createApiKey.secret;
  const date = (value: string | null) => (value === null ? '–' : new Date(value).toLocaleDateString(i18n.language));
  return (
    <Stack gap="sm">
      <h2>{t('operations.keys')}</h2>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          void create({ input: { name, role } }).then(({ error: refused }) => refused === undefined && setName(''));
        }}
      >
        <TextInput
          label={t('operations.keyName')}
          required
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <NativeSelect
          label={t('operations.role')}
          value={role}
          onChange={(event) => setRole(event.currentTarget.value as Role)}
          data={ROLES.map((value) => ({ value, label: t(`roles.${value}`) }))}
        />
        <Button type="submit" variant="default" loading={created.fetching}>
          {t('operations.createKey')}
        </Button>
      </form>
      {secret !== undefined && (
        <Alert color="green" role="status" title={t('operations.once')}>
          <code className={styles.secret}>{secret}</code>
        </Alert>
      )}
      <Problem error={pages.error ?? created.error ?? revoked.error} />
      <ScrollingTable
        label={t('operations.keys')}
        heads={[t('operations.keyName'), t('operations.role'), t('operations.lastUsed'), t('queue.actions')]}
      >
        <Table.Tbody>
          {pages.nodes.map((key) => (
            <Table.Tr key={key.id}>
              <Table.Td>
                {key.name} {key.prefix !== null && <code>{key.prefix}…</code>}
              </Table.Td>
              <Table.Td>{t(`roles.${key.role}`)}</Table.Td>
              <Table.Td>{date(key.lastUsedAt)}</Table.Td>
              <Table.Td>
                {key.revokedAt === null ? (
                  <Confirmation
                    ask={t('operations.revoke', { name: key.name })}
                    question={t(key.id === session.keyId ? 'operations.revokeOwn' : 'operations.revokeQuestion', {
                      name: key.name,
                    })}
                    confirm={t('operations.revokeConfirm')}
                    busy={revoked.fetching}
                    error={undefined}
                    onConfirm={() => revoke({ id: key.id })}
                  />
                ) : (
                  t('operations.revoked', { date: date(key.revokedAt) })
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </ScrollingTable>
      <MoreButton {...pages} />
    </Stack>
  );
}
