/** data.yaml of a YOLO export names folders that are in the archive. */
import type { LayoutImage, LayoutOptions } from '../../src/exports/layouts/layout.js';
import { yoloLayout } from '../../src/exports/layouts/yolo.js';

async function dataYaml(sides: readonly boolean[]): Promise<string> {
  let yaml = '';
  const zip = {
    image: () => Promise.resolve(),
    text: (name: string, lines: Iterable<string>) => {
      if (name === 'data.yaml') yaml = [...lines].join('');
      return Promise.resolve();
    },
  };
  const layout = yoloLayout({ zip, classes: ['CRACK'] } as unknown as LayoutOptions);
  for (const [i, heldOut] of sides.entries())
    await layout.normal({ name: String(i), heldOut, image: Buffer.alloc(0) } as unknown as LayoutImage);
  await layout.end();
  return yaml.split('nc:')[0] ?? '';
}

test.each([
  ['some of each', [true, false], 'train: images/train\nval: images/val\n'],
  ['none that is held out', [false, false], 'train: images/train\nval: images/train\n'],
  ['all of them held out', [true], 'train: images/val\nval: images/val\n'],
])('%s', async (_, sides, expected) => {
  expect(await dataYaml(sides)).toBe(expected);
});
