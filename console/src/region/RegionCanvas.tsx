import type Konva from 'konva';
import 'konva/lib/shapes/Circle.js';
import 'konva/lib/shapes/Image.js';
import 'konva/lib/shapes/Line.js';
import { useEffect, useRef, useState } from 'react';
import { Circle, Image as Picture, Layer, Line, Stage } from 'react-konva/lib/ReactKonvaCore.js';
import { useFreshUrl } from '../shared/useFreshUrl.ts';
import type { Point, Shape, Size, Tool } from './shapes.ts';
import { box, stroke } from './shapes.ts';

interface Props {
  readonly image: Size & { readonly id: string; readonly image: { readonly url: string } };
  /** Pixels of the screen for one of the image. */
  readonly scale: number;
  readonly tool: Tool;
  readonly brush: number;
  readonly shapes: readonly Shape[];
  readonly begun: readonly Point[];
  /** Of the keyboard. */
  readonly cursor: Point;
  readonly onBegin: (points: readonly Point[]) => void;
  readonly onShape: (shape: Shape) => void;
}

const FILL = 'rgba(232, 89, 12, 0.35)';
const STROKE = '#e8590c';
/** A click this near to the first point closes a polygon, in pixels of the screen. */
const CLOSING_DISTANCE = 10;
/** A smaller box is a click, in pixels of the image. */
const SMALLEST_BOX = 3;

export function RegionCanvas({ image, scale, tool, brush, shapes, begun, cursor, onBegin, onShape }: Props) {
  const picture = usePicture(image.id, image.image.url);
  const down = useRef(false);

  function at(event: Konva.KonvaEventObject<Event>): Point {
    const position = event.target.getStage()?.getPointerPosition() ?? { x: 0, y: 0 };
    const clamp = (value: number, bound: number) => Math.min(Math.max(value / scale, 0), bound);
    return { x: clamp(position.x, image.width), y: clamp(position.y, image.height) };
  }

  function press(event: Konva.KonvaEventObject<PointerEvent>) {
    // The others open a menu, or scroll.
    if (event.evt.button !== 0) return;
    const point = at(event);
    down.current = true;
    const [first] = begun;
    if (tool !== 'polygon') return onBegin([point]);
    const closing = first !== undefined && distance(first, point) * scale < CLOSING_DISTANCE;
    if (closing && begun.length >= 3) onShape({ kind: 'polygon', points: begun });
    else onBegin([...begun, point]);
  }

  function drag(event: Konva.KonvaEventObject<PointerEvent>) {
    const [first] = begun;
    if (!down.current || first === undefined) return;
    if (tool === 'box') onBegin([first, at(event)]);
    if (tool === 'brush') onBegin([...begun, at(event)]);
  }

  function release() {
    if (!down.current) return;
    down.current = false;
    const [first, last] = begun;
    if (tool === 'brush' && first !== undefined) onShape(stroke(begun, brush));
    if (tool === 'box' && first !== undefined && last !== undefined) {
      if (Math.abs(first.x - last.x) >= SMALLEST_BOX && Math.abs(first.y - last.y) >= SMALLEST_BOX)
        onShape(box(first, last));
      else onBegin([]);
    }
  }

  return (
    <Stage
      width={image.width * scale}
      height={image.height * scale}
      scaleX={scale}
      scaleY={scale}
      onPointerDown={press}
      onPointerMove={drag}
      onPointerUp={release}
      onPointerLeave={release}
    >
      <Layer>
        {picture !== undefined && <Picture image={picture} width={image.width} height={image.height} />}
        {shapes.map((shape, index) => (
          <Drawn key={index} shape={shape} scale={scale} />
        ))}
        <Begun {...{ tool, begun, cursor, brush, scale }} />
        <Circle x={cursor.x} y={cursor.y} radius={5 / scale} stroke={STROKE} strokeWidth={1.5 / scale} />
      </Layer>
    </Stage>
  );
}

function Begun({ tool, begun, cursor, brush, scale }: Pick<Props, 'tool' | 'begun' | 'cursor' | 'brush' | 'scale'>) {
  const [first, last = cursor] = begun;
  if (first === undefined) return null;
  if (tool === 'box') return <Drawn shape={box(first, last)} scale={scale} />;
  if (tool === 'brush') return <Drawn shape={stroke(begun, brush)} scale={scale} />;
  return (
    <>
      <Line points={flat(begun)} stroke={STROKE} strokeWidth={2 / scale} />
      {begun.map(({ x, y }, index) => (
        <Circle key={index} x={x} y={y} radius={4 / scale} fill={STROKE} />
      ))}
    </>
  );
}

function Drawn({ shape, scale }: { readonly shape: Shape; readonly scale: number }) {
  const points = flat(shape.points);
  if (shape.kind === 'polygon')
    return <Line points={points} closed fill={FILL} stroke={STROKE} strokeWidth={2 / scale} />;
  return <Line points={points} stroke={FILL} strokeWidth={shape.width} lineCap="round" lineJoin="round" />;
}

function usePicture(owner: string, url: string): HTMLImageElement | undefined {
  const { current, onLoad, onError } = useFreshUrl(owner, url);
  const [picture, setPicture] = useState<HTMLImageElement>();
  useEffect(() => {
    const image = new Image();
    image.onload = () => {
      onLoad();
      setPicture(image);
    };
    image.onerror = onError;
    image.src = current;
    return () => {
      image.onload = image.onerror = null;
    };
  }, [current, onLoad, onError]);
  return picture;
}

function flat(points: readonly Point[]): number[] {
  return points.flatMap(({ x, y }) => [x, y]);
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
