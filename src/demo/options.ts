/** The command line of the demo. */
import { parseArgs } from 'node:util';
import { generatedKey, outputFolder } from './localDefaults.js';

export class DemoError extends Error {}

export const HELP = `npm run demo -- [options]

Requests defective images from a running DefectDiffu service and writes them to a folder.

  --part METAL_NUT    part number        (default: the first product with a trained defect)
  --defect SCRATCH    defect code        (default: its first trained defect)
  --count 4           number of samples
  --strength 2        defect strength, or a range to spread over the samples: 1..4
  --seed 7            the same seed gives the same images
  --steps 20          denoising steps    (default: the model's; for TURBO, 4)
  --model surfaces-open   model, or an alias   (default: the service's)
  --sampler TURBO     the model's student: 2, 4 or 8 steps of one row, many times as fast
  --on part.jpg       draw on this photograph of the product; the rest of it does not change
  --on-twin           draw each sample on its own normal twin, from which only the defect differs
  --region 40,60,80,50   region to draw in: left, top, width, height in pixels
                      (default: placed like real defects; on a twin, where the model draws it)
  --allowed-area 20,20,200,180   rectangle, in the same form, in which a region that is placed for you lies
                      (default: the part, where it stands out; for transplants, the whole photograph)
  --defect-photograph bad.jpg --defect-mask mask.png
                      transplant this real defect, which the mask marks in white, onto the photograph of --on;
                      --part and --defect can be new, and no model needs to know them
  --harmonize 0.2     denoising strength at which the model harmonizes a transplant, if it knows the pair
  --confidence 0.8    minimum confidence, 0 to 1; samples below it are drawn again
  --out demo-output   output folder for the PNG files; where this one is read-only, it is in DATA_DIR
  --key …             API key            (default: DEFECTDIFFU_API_KEY, or the file api-key in DATA_DIR)
  --url …             GraphQL endpoint   (default: DEFECTDIFFU_URL, or http://127.0.0.1:4000/graphql)`;

const NO_KEY = `An API key is needed. The service writes it to the file api-key in its DATA_DIR at its first start; then run

  DEFECTDIFFU_API_KEY=<key> npm run demo

If it is lost, start the service once with DEFECTDIFFU_API_KEY set to a new key of your own.`;

interface Area {
  readonly polygons: readonly (readonly { readonly x: number; readonly y: number }[])[];
}

export interface Options {
  readonly url: string;
  readonly key: string;
  readonly part: string | undefined;
  readonly defect: string | undefined;
  readonly out: string;
  /** The photograph to draw on. */
  readonly on: string | undefined;
  /** Whether each sample is drawn on its own normal twin. */
  readonly onTwin: boolean;
  /** The defective photograph and its mask. */
  readonly donor: { readonly photograph: string; readonly mask: string } | undefined;
  readonly request: {
    readonly count: number;
    readonly strength?: { readonly value: number } | { readonly min: number; readonly max: number };
    readonly seed?: number;
    readonly steps?: number;
    readonly model?: string;
    readonly sampler?: string;
    readonly harmonize?: number;
    readonly quality?: { readonly minimumConfidence: number };
    readonly region?: Area;
    readonly allowedArea?: Area;
  };
}

export function readOptions(args: string[], env: NodeJS.ProcessEnv): Options | 'help' {
  const values = parse(args);
  if (values.help === true) return 'help';
  const elsewhere = values.url ?? env['DEFECTDIFFU_URL'];
  const url = elsewhere ?? `http://127.0.0.1:${env['PORT'] ?? '4000'}/graphql`;
  // The key of this machine's service is not sent to another one.
  const keys = [values.key, env['DEFECTDIFFU_API_KEY'], elsewhere === undefined ? generatedKey(env) : undefined];
  const key = keys.find((each) => each !== undefined && each !== '');
  if (key === undefined) throw new DemoError(NO_KEY);
  if (values.on !== undefined && values['on-twin'] === true) throw new DemoError('Give --on or --on-twin, not both.');
  if (!URL.canParse(url)) throw new DemoError(`--url: "${url}" is not a URL.`);
  return {
    url,
    key,
    part: values.part,
    defect: values.defect,
    out: values.out ?? outputFolder(env),
    on: values.on,
    onTwin: values['on-twin'] ?? false,
    donor: donor(values),
    request: {
      count: number('count', values.count ?? '4'),
      ...(values.strength === undefined ? {} : { strength: strength(values.strength) }),
      ...(values.seed === undefined ? {} : { seed: number('seed', values.seed) }),
      ...(values.steps === undefined ? {} : { steps: number('steps', values.steps) }),
      ...(values.model === undefined ? {} : { model: values.model }),
      ...(values.sampler === undefined ? {} : { sampler: values.sampler.toUpperCase() }),
      ...(values.harmonize === undefined ? {} : { harmonize: number('harmonize', values.harmonize) }),
      ...(values.confidence === undefined
        ? {}
        : { quality: { minimumConfidence: number('confidence', values.confidence) } }),
      ...(values.region === undefined ? {} : { region: rectangle('region', values.region) }),
      ...(values['allowed-area'] === undefined
        ? {}
        : { allowedArea: rectangle('allowed-area', values['allowed-area']) }),
    },
  };
}

function parse(args: string[]) {
  const text = { type: 'string' } as const;
  const names = {
    part: text,
    defect: text,
    count: text,
    strength: text,
    seed: text,
    steps: text,
    model: text,
    sampler: text,
    confidence: text,
    on: text,
    'defect-photograph': text,
    'defect-mask': text,
    harmonize: text,
    region: text,
    'allowed-area': text,
    out: text,
    key: text,
    url: text,
  };
  try {
    const flags = { 'on-twin': { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;
    return parseArgs({ args, options: { ...names, ...flags } }).values;
  } catch (error) {
    throw new DemoError(`${(error as Error).message}\n\n${HELP}`);
  }
}

function donor(values: ReturnType<typeof parse>): Options['donor'] {
  const { on, part, defect, 'defect-photograph': photograph, 'defect-mask': mask } = values;
  if (photograph === undefined && mask === undefined) return undefined;
  if (photograph === undefined || mask === undefined)
    throw new DemoError('Give --defect-photograph and --defect-mask together.');
  if (on === undefined || part === undefined || defect === undefined)
    throw new DemoError('A transplant also needs --part, --defect, and --on, the photograph of a good part.');
  return { photograph, mask };
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new DemoError(`--${name}: "${text}" is not a number.`);
  return value;
}

function rectangle(name: string, text: string): Area {
  const [x, y, width, height, ...more] = text.split(',').map((part) => number(name, part));
  if (x === undefined || y === undefined || width === undefined || height === undefined || more.length > 0)
    throw new DemoError(`--${name}: "${text}" is not left,top,width,height.`);
  const [right, bottom] = [x + width, y + height];
  return {
    polygons: [
      [
        { x, y },
        { x: right, y },
        { x: right, y: bottom },
        { x, y: bottom },
      ],
    ],
  };
}

function strength(text: string) {
  const [min, max, ...more] = text.split('..');
  if (min === undefined || more.length > 0)
    throw new DemoError(`--strength: "${text}" is neither a number nor min..max.`);
  if (max === undefined) return { value: number('strength', min) };
  return { min: number('strength', min), max: number('strength', max) };
}
