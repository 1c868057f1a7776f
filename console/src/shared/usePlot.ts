import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export interface PlotColors {
  readonly text: string;
  readonly line: string;
  readonly series: string;
}

/** Without the width, which is that of the element. */
export type PlotOptions = Omit<uPlot.Options, 'width'>;

const VARIABLES = {
  text: '--mantine-color-dimmed',
  line: '--line',
  series: '--mantine-color-blue-6',
} as const;

/**
 * A plot that is as wide as the element with the returned ref, in the colors of the page.
 * @param optionsWith a function that stays the same
 */
export function usePlot(data: uPlot.AlignedData, optionsWith: (colors: PlotColors) => PlotOptions) {
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const scheme = useComputedColorScheme('light');

  useEffect(() => {
    const node = element.current;
    if (node === null) return;
    const options = optionsWith(colorsOf(node));
    const made = new uPlot({ ...options, width: node.clientWidth }, undefined, node);
    const observer = new ResizeObserver(() => made.setSize({ width: node.clientWidth, height: options.height }));
    observer.observe(node);
    plot.current = made;
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [optionsWith, scheme]);

  useEffect(() => plot.current?.setData(data), [data, optionsWith, scheme]);

  return element;
}

function colorsOf(node: HTMLElement): PlotColors {
  const style = getComputedStyle(node);
  const { text, line, series } = VARIABLES;
  return {
    text: style.getPropertyValue(text),
    line: style.getPropertyValue(line),
    series: style.getPropertyValue(series),
  };
}
