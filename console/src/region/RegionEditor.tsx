import { Button, Group, SegmentedControl, Slider, Stack, Text } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useState } from 'react';
import type { KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { RegionCanvas } from './RegionCanvas.tsx';
import type { Point, Shape, Size, Tool } from './shapes.ts';
import { box, stroke } from './shapes.ts';
import styles from './RegionEditor.module.css';

interface Props {
  readonly image: Size & { readonly id: string; readonly image: { readonly url: string } };
  /** Drawn before. */
  readonly initial?: readonly Shape[];
  readonly onFinish: (shapes: readonly Shape[]) => void;
}

const TOOLS: readonly Tool[] = ['box', 'polygon', 'brush'];
const BRUSH_SHARE = 0.06;

/**
 * Box, polygon, and brush, with the pointer or with the keyboard: arrows move the crosshair, Enter sets a point, and
 * Escape drops the shape that was begun.
 */
export function RegionEditor({ image, initial = [], onFinish }: Props) {
  const { t } = useTranslation();
  const { ref, width } = useElementSize();
  const [tool, setTool] = useState<Tool>('box');
  const [brush, setBrush] = useState(Math.round(BRUSH_SHARE * image.width));
  const [shapes, setShapes] = useState(initial);
  const [begun, setBegun] = useState<readonly Point[]>([]);
  const [cursor, setCursor] = useState<Point>({ x: image.width / 2, y: image.height / 2 });

  function set(next: readonly Shape[]) {
    setShapes(next);
    setBegun([]);
    onFinish(next);
  }

  function close() {
    if (tool === 'polygon' && begun.length >= 3) set([...shapes, { kind: 'polygon', points: begun }]);
    if (tool === 'brush' && begun.length > 0) set([...shapes, stroke(begun, brush)]);
  }

  function onKeyDown(event: KeyboardEvent) {
    const far = (event.shiftKey ? 0.1 : 0.02) * image.width;
    const move = { ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, -far], ArrowDown: [0, far] }[event.key];
    if (move !== undefined) {
      const [dx = 0, dy = 0] = move;
      setCursor(({ x, y }) => ({ x: within(x + dx, image.width), y: within(y + dy, image.height) }));
    } else if (event.key === 'Enter') {
      const [first] = begun;
      if (tool === 'box' && first !== undefined) set([...shapes, box(first, cursor)]);
      else setBegun([...begun, cursor]);
    } else if (event.key === ' ') close();
    else if (event.key === 'Escape') setBegun([]);
    else return;
    event.preventDefault();
  }

  return (
    <Stack gap="xs">
      <SegmentedControl
        aria-label={t('region.tool')}
        size="xs"
        value={tool}
        onChange={(value) => {
          setTool(value as Tool);
          setBegun([]);
        }}
        data={TOOLS.map((value) => ({ value, label: t(`region.tools.${value}`) }))}
      />
      {tool === 'brush' && (
        <Slider
          thumbLabel={t('region.brush')}
          min={2}
          max={Math.round(image.width / 4)}
          value={brush}
          onChange={setBrush}
          label={null}
        />
      )}
      <div
        ref={ref}
        className={styles.canvas}
        tabIndex={0}
        role="application"
        aria-label={t('region.canvas')}
        aria-roledescription={t('region.canvasRole')}
        onKeyDown={onKeyDown}
      >
        {width > 0 && (
          <RegionCanvas
            image={image}
            scale={width / image.width}
            tool={tool}
            brush={brush}
            shapes={shapes}
            begun={begun}
            cursor={cursor}
            onBegin={setBegun}
            onShape={(shape) => set([...shapes, shape])}
          />
        )}
      </div>
      <Text size="xs" c="dimmed">
        {t(`region.help.${tool}`)}
      </Text>
      <Group gap="xs">
        <Button
          size="compact-sm"
          variant="default"
          disabled={shapes.length === 0}
          onClick={() => set(shapes.slice(0, -1))}
        >
          {t('region.undo')}
        </Button>
        <Button size="compact-sm" variant="default" disabled={shapes.length === 0} onClick={() => set([])}>
          {t('region.clear')}
        </Button>
        {tool === 'polygon' && (
          <Button size="compact-sm" variant="default" disabled={begun.length < 3} onClick={close}>
            {t('region.close')}
          </Button>
        )}
      </Group>
    </Stack>
  );
}

function within(value: number, bound: number): number {
  return Math.min(Math.max(value, 0), bound);
}
