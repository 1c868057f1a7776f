import { useThrottledCallback } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';
import { useClient } from 'urql';
import { messageOf } from '../shared/Problem.tsx';
import { UploadRefused, upload } from '../shared/upload.ts';

export interface Item {
  readonly id: number;
  readonly partNumber: string;
  readonly file: File;
  readonly fraction: number;
  readonly refusal?: string | undefined;
  /** Whether the file itself is not what is wrong. */
  readonly mayRetry?: boolean;
}

/** At a time; the service takes eight of a tenant. */
const CONCURRENT = 4;
const TELL_EACH_MS = 2_000;

/**
 * Files on their way to the service. Those that are added meanwhile wait behind the others.
 * @param onStored now and then while files are stored, and after the last one
 */
export function useUploads(onStored: () => void) {
  const client = useClient();
  const [items, setItems] = useState<readonly Item[]>([]);
  const [working, setWorking] = useState(0);
  const waiting = useRef<Item[]>([]);
  const running = useRef(0);
  const ids = useRef(0);
  const tell = useThrottledCallback(onStored, TELL_EACH_MS);
  // Whoever signed in again has another client.
  const current = useRef({ client, tell });
  useEffect(() => {
    current.current = { client, tell };
  });

  const change = (id: number, part: Partial<Item>) =>
    setItems((former) => former.map((item) => (item.id === id ? { ...item, ...part } : item)));

  async function send({ id, partNumber, file }: Item) {
    try {
      const input = { purpose: 'REFERENCE', partNumber, name: file.name } as const;
      await upload(current.current.client, input, file, (fraction) => change(id, { fraction: 0.95 * fraction }));
      change(id, { fraction: 1 });
      current.current.tell();
    } catch (error) {
      change(id, { refusal: messageOf(error as Error), mayRetry: !(error instanceof UploadRefused) });
    }
  }

  async function work() {
    setWorking((running.current += 1));
    for (let next = waiting.current.shift(); next !== undefined; next = waiting.current.shift()) await send(next);
    setWorking((running.current -= 1));
  }

  function start(added: readonly Item[]) {
    waiting.current.push(...added);
    for (let free = CONCURRENT - running.current; free > 0; free--) void work();
  }

  function add(files: readonly File[], partNumber: string) {
    const added = files.map((file) => ({ id: (ids.current += 1), partNumber, file, fraction: 0 }));
    setItems((former) => (running.current === 0 ? added : [...former, ...added]));
    start(added);
  }

  const failed = working > 0 ? [] : items.filter(({ mayRetry }) => mayRetry);
  function retry() {
    for (const { id } of failed) change(id, { fraction: 0, refusal: undefined, mayRetry: false });
    start(failed);
  }

  return { items, add, retry: failed.length > 0 ? retry : undefined };
}
