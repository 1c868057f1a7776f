/** createUpload, then PUT of the file as it is, then what the service made of it. */
import type { Client } from 'urql';
import type { CreateUploadInput, FinishedUploadQuery } from '../generated/graphql.ts';
import { CreateUploadDocument, FinishedUploadDocument } from '../generated/graphql.ts';
import { messageOf } from '../shared/Problem.tsx';

export type FinishedUpload = NonNullable<FinishedUploadQuery['upload']>;

/** Rejects with the words of the service. */
export async function upload(
  client: Client,
  input: CreateUploadInput,
  file: Blob,
  onProgress: (fraction: number) => void = () => undefined,
): Promise<FinishedUpload> {
  const created = await client.mutation(CreateUploadDocument, { input });
  if (created.data == null) throw new Error(messageOf(created.error ?? 'no answer'));
  const { id, url } = created.data.createUpload;
  await put(url, file, onProgress);
  const finished = await client.query(FinishedUploadDocument, { id }, { requestPolicy: 'network-only' });
  if (finished.error !== undefined) throw new Error(messageOf(finished.error));
  const done = finished.data?.upload;
  if (done == null || (done.reference ?? done.mask ?? done.model) === null) throw new Error('no answer');
  return done;
}

/** XMLHttpRequest, because fetch does not tell how much was sent. */
function put(url: string, file: Blob, onProgress: (fraction: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('PUT', url);
    request.upload.onprogress = ({ loaded, total }) => onProgress(loaded / total);
    request.onerror = () => reject(new Error(`${url} cannot be reached`));
    request.onload = () => {
      if (request.status < 300) resolve();
      else reject(new Error(refusal(request)));
    };
    request.send(file);
  });
}

function refusal({ responseText, status }: XMLHttpRequest): string {
  try {
    const { errors } = JSON.parse(responseText) as { errors: readonly { message: string }[] };
    return errors.map(({ message }) => message).join('\n');
  } catch {
    return `HTTP ${String(status)}`;
  }
}
