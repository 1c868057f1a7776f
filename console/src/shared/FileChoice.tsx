import type { FileButtonProps } from '@mantine/core';
import { FileButton } from '@mantine/core';
import { useRef } from 'react';

interface Props {
  readonly accept: string;
  readonly onChange: (file: File) => void;
  readonly children: FileButtonProps['children'];
}

/** A button that asks for a file. The same file can be chosen again, for example after it was mended. */
export function FileChoice({ accept, onChange, children }: Props) {
  const reset = useRef<() => void>(null);
  return (
    <FileButton
      accept={accept}
      resetRef={reset}
      onChange={(file) => {
        reset.current?.();
        if (file !== null) onChange(file);
      }}
    >
      {children}
    </FileButton>
  );
}
