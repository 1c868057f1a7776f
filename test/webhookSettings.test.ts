/** Which webhooks a caller may make and change. */
import { CREATE_WEBHOOK, LOCAL_WEBHOOKS, createWebhook, fetchWebhook, startReceiver } from './support/receiver.js';
import type { Json, Server } from './support/server.js';
import { startServer } from './support/server.js';
import { DELETE, DONE, REDELIVER, ROTATE, UPDATE } from './support/webhooks.js';

const NOBODY = '00000000-0000-7000-8000-000000000000';

let server: Server;

beforeAll(async () => {
  server = await startServer({ ...LOCAL_WEBHOOKS, MAX_WEBHOOKS: '100' });
});

describe('a webhook', () => {
  const create = (input: object): Promise<Json> => server.error(CREATE_WEBHOOK, { input: { events: DONE, ...input } });

  test.each([
    ['ftp://example.com/', 'must start with https:// or http://'],
    ['nonsense', 'is not a URL'],
    ['https://user:pass@example.com/', 'must not contain credentials'],
    ['http://10.0.0.1/', 'may not be reached: private'],
    ['http://169.254.169.254/latest/meta-data/', 'may not be reached: link-local'],
    ['http://2130706434/', 'may not be reached: loopback'],
    ['http://[::1]:4000/', 'may not be reached: loopback'],
    ['http://no-such-host.invalid/', 'cannot be resolved'],
  ])('is not made for %s', async (url, problem) => {
    const { message, extensions } = await create({ url });
    expect(message).toMatch(/^input\.url: /);
    expect(message).toContain(problem);
    expect(extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: 'input.url' });
  });

  test('names at least one event, and changes only in what it is told to', async () => {
    const { url } = await startReceiver();
    expect(await create({ url, events: [] })).toMatchObject({
      message: 'input.events: must name at least one event',
      extensions: { field: 'input.events', min: 1, value: 0 },
    });
    const { id } = await createWebhook(server, url, DONE);
    const changed = await server.data(UPDATE, { id, input: { enabled: false, description: 'line 3' } });
    expect(changed.updateWebhook).toMatchObject({ url, events: DONE, enabled: false, description: 'line 3' });
    expect((await server.error(UPDATE, { id, input: { url: 'http://192.168.1.1/' } })).message).toContain('private');
    await server.data(DELETE, { id });
    expect(await fetchWebhook(server, id)).toBeNull();
  });

  test('is one of a bounded number', async () => {
    const small = await startServer({ ...LOCAL_WEBHOOKS, MAX_WEBHOOKS: '2' });
    const input = { url: 'http://127.0.0.1:9/', events: DONE };
    const answers = await Promise.all([1, 2, 3].map(() => small.ask(CREATE_WEBHOOK, { input })));
    const errors = answers.flatMap(({ errors: each }) => each ?? []);
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['TOO_MANY_WEBHOOKS']);
    expect(errors[0]?.message).toContain('There are 2 webhooks, which is the limit of 2');
  });

  test('that is not there is NOT_FOUND, whatever is asked of it', async () => {
    expect(await fetchWebhook(server, NOBODY)).toBeNull();
    const asked = [
      server.error(UPDATE, { id: NOBODY, input: {} }),
      server.error(ROTATE, { id: NOBODY, keep: 0 }),
      server.error(DELETE, { id: 'nonsense' }),
      server.error(REDELIVER, { id: NOBODY }),
    ];
    for (const { extensions } of await Promise.all(asked)) expect(extensions.code).toBe('NOT_FOUND');
  });
});

test('where http is not allowed, it is https or nothing', async () => {
  const strict = await startServer();
  const { message } = await strict.error(CREATE_WEBHOOK, { input: { url: 'http://example.com/', events: DONE } });
  expect(message).toBe('input.url: must start with https://');
  const local = await strict.error(CREATE_WEBHOOK, { input: { url: 'https://127.0.0.1/', events: DONE } });
  expect(local.message).toBe('input.url: host 127.0.0.1 is at an address that may not be reached: loopback');
});
