/** The command line of the demo becomes the input of a request. */
import { readOptions } from '../src/demo/options.js';

const ENV = { DEFECTDIFFU_API_KEY: 'key' };
const corners = [
  { x: 20, y: 10 },
  { x: 220, y: 10 },
  { x: 220, y: 190 },
  { x: 20, y: 190 },
];

function requestOf(...args: string[]) {
  const options = readOptions(args, ENV);
  return options === 'help' ? undefined : options.request;
}

test.each([
  ['--region', { region: { polygons: [corners] } }],
  ['--allowed-area', { allowedArea: { polygons: [corners] } }],
])('%s is a rectangle', (option, expected) => {
  expect(requestOf(option, '20,10,200,180')).toEqual({ count: 4, ...expected });
});

test.each([
  ['--region', '20,10,200', '--region: "20,10,200" is not left,top,width,height.'],
  ['--allowed-area', '1,2,3,4,5', '--allowed-area: "1,2,3,4,5" is not left,top,width,height.'],
  ['--allowed-area', '1,2,wide,4', '--allowed-area: "wide" is not a number.'],
])('%s %s is refused by name', (option, value, message) => {
  expect(() => requestOf(option, value)).toThrow(message);
});

test('--sampler is asked for in capitals, as the schema writes it', () => {
  expect(requestOf('--sampler', 'turbo', '--steps', '8')).toEqual({ count: 4, sampler: 'TURBO', steps: 8 });
});

test('--model is the one that draws', () => {
  expect(requestOf('--model', 'surfaces-open')).toEqual({ count: 4, model: 'surfaces-open' });
});
