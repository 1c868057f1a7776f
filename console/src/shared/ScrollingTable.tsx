import { Table } from '@mantine/core';
import type { ReactNode } from 'react';
import styles from './ScrollingTable.module.css';

interface Props {
  readonly label: string;
  readonly heads: readonly string[];
  readonly children: ReactNode;
}

/** A narrow window scrolls the table, not the page; the keyboard can do so too. */
export function ScrollingTable({ label, heads, children }: Props) {
  return (
    <div className={styles.frame} tabIndex={0} role="region" aria-label={label}>
      <Table verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            {heads.map((head) => (head === '' ? <Table.Td key={head} /> : <Table.Th key={head}>{head}</Table.Th>))}
          </Table.Tr>
        </Table.Thead>
        {children}
      </Table>
    </div>
  );
}
