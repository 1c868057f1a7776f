import { forbiddenRange } from '../src/webhooks/addressPolicy.js';
import type { Address } from '../src/webhooks/destination.js';
import { DestinationRefusedError, resolveDestination, parseDestination } from '../src/webhooks/destination.js';
import { postWebhook } from '../src/webhooks/postWebhook.js';
import { startReceiver } from './support/receiver.js';

test.each([
  ['127.0.0.1', 'loopback'],
  ['127.8.9.1', 'loopback'],
  ['::1', 'loopback'],
  ['10.1.2.3', 'private'],
  ['172.16.0.1', 'private'],
  ['192.168.0.1', 'private'],
  ['fd12:3456::1', 'private'],
  ['169.254.169.254', 'link-local'],
  ['fe80::1', 'link-local'],
  ['100.64.0.1', 'carrier-grade NAT'],
  ['0.0.0.0', 'unspecified'],
  ['::', 'unspecified'],
  ['224.0.0.1', 'multicast'],
  ['ff02::1', 'multicast'],
  ['255.255.255.255', 'broadcast'],
  ['240.0.0.1', 'reserved'],
  ['192.0.2.1', 'reserved'],
  ['64:ff9b::7f00:1', 'NAT64'],
  ['64:ff9b:1::7f00:1', 'NAT64'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['::ffff:169.254.169.254', 'link-local'],
  ['::ffff:0:127.0.0.1', 'translated IPv4'],
  ['::127.0.0.1', 'loopback'],
  ['::808:808', 'not public'],
  ['1000::1', 'not public'],
  ['2002:7f00:1::', '6to4'],
  ['2001::1', 'teredo'],
  ['fec0::1', 'site-local'],
  ['nonsense', 'no address'],
])('%s is refused: %s', (address, kind) => {
  expect(forbiddenRange(address, [])).toBe(kind);
});

test.each(['93.184.216.34', '8.8.8.8', '2606:4700::1111', '::ffff:8.8.8.8'])('%s is public', (address) => {
  expect(forbiddenRange(address, [])).toBeUndefined();
});

test('the networks of the operator are open, and nothing beside them', () => {
  const allowed = ['10.20.0.0/16', 'fd00:aa::/32'];
  expect(forbiddenRange('10.20.3.4', allowed)).toBeUndefined();
  expect(forbiddenRange('::ffff:10.20.3.4', allowed)).toBeUndefined();
  expect(forbiddenRange('fd00:aa::5', allowed)).toBeUndefined();
  expect(forbiddenRange('10.21.0.1', allowed)).toBe('private');
  expect(forbiddenRange('fd00:bb::5', allowed)).toBe('private');
});

const OPEN = { allowHttp: true, allowNetworks: [] };
const never = (): Promise<readonly Address[]> => Promise.reject(new Error('must not be asked'));

test.each(['http://0x7f.1/', 'http://017700000001/', 'http://127.1/', 'http://[::ffff:7f00:1]/', 'http://①②⑦.0.0.1/'])(
  'however an address is spelt, it is what it is: %s',
  async (text) => {
    await expect(resolveDestination(parseDestination(text, OPEN), OPEN, never)).rejects.toThrow(
      'may not be reached: loopback',
    );
  },
);

test('a name is refused when one of its addresses is', async () => {
  const both = () =>
    Promise.resolve([
      { address: '8.8.8.8', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ]);
  await expect(resolveDestination(parseDestination('https://both.example/', OPEN), OPEN, both)).rejects.toThrow(
    DestinationRefusedError,
  );
});

describe('a name that leads elsewhere from one moment to the next', () => {
  const outgoing = { headers: {}, body: '{}' };
  const signal = () => AbortSignal.timeout(60_000);

  test('is refused at the attempt, though it was sound when the webhook was made', async () => {
    const receiver = await startReceiver();
    const url = receiver.url.replace('127.0.0.1', 'rebound.example');
    const answers = ['8.8.8.8', '127.0.0.1'].map((address) => [{ address, family: 4 }]);
    const resolve = () => Promise.resolve(answers.shift() ?? []);
    await resolveDestination(parseDestination(url, OPEN), OPEN, resolve);
    await expect(postWebhook({ ...outgoing, url }, OPEN, resolve, signal())).rejects.toThrow(
      'may not be reached: loopback',
    );
    expect(receiver.received).toHaveLength(0);
  });

  test('is resolved once an attempt, and connected to where it was checked', async () => {
    const receiver = await startReceiver();
    // The system knows no such name: only the checked address can have led there.
    const url = receiver.url.replace('127.0.0.1', 'mes.plant.invalid');
    let asked = 0;
    const resolve = () => {
      asked++;
      return Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
    };
    const plant = { allowHttp: true, allowNetworks: ['127.0.0.1/32'] };
    expect(await postWebhook({ ...outgoing, url }, plant, resolve, signal())).toMatchObject({ status: 204 });
    expect(asked).toBe(1);
    expect(receiver.received[0]?.headers.host).toBe(new URL(url).host);
  });
});

test('an attempt ends with its time, also while the name is being looked up or the answer trickles', async () => {
  const receiver = await startReceiver((response) => {
    response.writeHead(200);
    const trickle = setInterval(() => response.write('.'), 20);
    response.on('close', () => clearInterval(trickle));
  });
  const plant = { allowHttp: true, allowNetworks: ['127.0.0.1/32'] };
  const url = receiver.url.replace('127.0.0.1', 'slow.invalid');
  const local = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
  const hangs = () => new Promise<never>(() => undefined);
  for (const resolve of [local, hangs]) {
    const attempt = postWebhook({ url, headers: {}, body: '{}' }, plant, resolve, AbortSignal.timeout(200));
    await expect(attempt).rejects.toThrow(/abort|time/i);
  }
});
