/** Creates the bucket that ARTIFACTS names if it does not exist. Waits for a store that is starting. */
import { setTimeout as delay } from 'node:timers/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { readConfig } from '../config.js';
import { StartError } from '../errors.js';

const TRIES = 30;
const PAUSE_MS = 1_000;

async function main(): Promise<void> {
  const { s3 } = readConfig(process.env);
  if (s3 === undefined) throw new StartError('ARTIFACTS: names no bucket; it must be of the form s3://bucket/prefix');
  const { S3Client } = await import('@aws-sdk/client-s3');
  const client = new S3Client({
    region: s3.region,
    forcePathStyle: s3.pathStyle,
    ...(s3.endpoint === undefined ? {} : { endpoint: s3.endpoint }),
  });
  for (let attempt = 1; ; attempt += 1) {
    try {
      const made = await ensureBucket(client, s3.bucket);
      process.stdout.write(`The bucket ${s3.bucket} ${made ? 'was created' : 'exists'}.\n`);
      return;
    } catch (error) {
      const { message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
      const status = $metadata?.httpStatusCode ?? 503; // no answer: the store is not listening yet
      if (status < 500 || attempt === TRIES)
        throw new StartError(`the bucket ${s3.bucket}: ${message}`, { cause: error });
      await delay(PAUSE_MS);
    }
  }
}

/** Returns whether the bucket was created. */
async function ensureBucket(client: S3Client, bucket: string): Promise<boolean> {
  const { CreateBucketCommand, HeadBucketCommand, NotFound } = await import('@aws-sdk/client-s3');
  try {
    await client.send(new HeadBucketCommand({ Bucket: bucket }));
    return false;
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    return true;
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
