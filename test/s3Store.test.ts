/** The copies that a process keeps of artifacts in S3 are those of their tenant, and go with them. */
import { openS3Store } from '../src/artifacts/s3Store.js';
import { MissingArtifact, newArtifactKey } from '../src/artifacts/store.js';
import { readS3Location } from '../src/config/storage.js';
import { newFolder } from './support/server.js';
import type { S3 } from './support/topology.js';
import { startS3, whyNoS3 } from './support/topology.js';

const TENANTS = ['00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-00000000000b'] as const;

(whyNoS3() === undefined ? describe : describe.skip)('S3', () => {
  let s3: S3;
  beforeAll(async () => {
    s3 = await startS3();
    Object.assign(process.env, s3.environment);
  });
  afterAll(() => s3.stop());

  test('a copy is not given to another tenant, and not after the artifact was removed', async () => {
    const place = readS3Location(s3.environment);
    if (place === undefined) throw new Error('no S3');
    const store = await openS3Store(place, newFolder(), 3600);
    const [one, other] = TENANTS;
    const key = newArtifactKey('png');
    await store.put(one, key, Buffer.from('a picture'));
    expect(await store.local(one, key)).toBe(await store.local(one, key));
    await expect(store.local(other, key)).rejects.toThrow(MissingArtifact);
    await store.remove(one, key);
    await expect(store.local(one, key)).rejects.toThrow(MissingArtifact);
  });
});
