import { Text } from '@mantine/core';

interface Props {
  readonly title: string;
  readonly meaning: string;
}

/** The question that the table below it answers, and how it was measured. */
export function Titled({ title, meaning }: Props) {
  return (
    <div>
      <h3>{title}</h3>
      <Text size="sm" c="dimmed">
        {meaning}
      </Text>
    </div>
  );
}
