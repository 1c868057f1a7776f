/** Makes the bucket that ARTIFACTS names, where it is not there yet; waits for a store that is still starting. */
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
      process.stdout.write(`The bucket ${s3.bucket} ${made ? 'was made' : 'is there'}.\n`);
      return;
    } catch (error) {
      const { message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
      const status = $metadata?.httpStatusCode ?? 503; // it does not listen yet
      if (status < 500 || attempt === TRIES)
        throw new StartError(`the bucket ${s3.bucket}: ${message}`, { cause: error });
      await delay(PAUSE_MS);
    }
  }
}

/** Whether it had to be made. */
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
