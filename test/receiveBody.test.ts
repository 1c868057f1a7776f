/** A file that is received leaves some of the disk free. */
import { readdirSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { StoreUnavailable } from '../src/artifacts/store.js';
import { receiveBody } from '../src/http/receiveBody.js';
import { newFolder } from './support/server.js';

test('a file that the disk has no room for is refused before it is read', async () => {
  const folder = newFolder();
  const request = { headers: { 'content-length': '1000000000000000' } } as IncomingMessage;
  await expect(receiveBody(request, folder, Infinity)).rejects.toThrow(StoreUnavailable);
  expect(readdirSync(folder)).toEqual([]);
});
