/** createUpload, then PUT of the file as it is, then what the service made of it. */
import type { Client } from 'urql';
import type { CreateUploadInput, FinishedUploadQuery } from '../generated/graphql.ts';
import { CreateUploadDocument, FinishedUploadDocument } from '../generated/graphql.ts';
import { messageOf, unanswered } from './Problem.tsx';

export type FinishedUpload = NonNullable<FinishedUploadQuery['upload']>;

/** The service does not take the file. */
export class UploadRefused extends Error {
  /** What is wrong with the files of an archive, one by one. */
  readonly problems: readonly string[];

  /** With those that are not listed. */
  readonly problemCount: number;

  constructor(message: string, problems: readonly string[], problemCount = problems.length) {
    super(message);
    this.problems = problems;
    this.problemCount = problemCount;
  }
}

const ASK_AGAIN_MS = 2_000;
/** Five minutes: what the service needs for the largest archive, and some more. */
const ASKED_AGAIN = 150;

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
  const answered = await put(url, file, onProgress);
  // The service goes on with an archive whose connection ended after it was sent.
  for (let more = answered ? 0 : ASKED_AGAIN; ; more -= 1) {
    const finished = await client.query(FinishedUploadDocument, { id }, { requestPolicy: 'network-only' });
    const done = finished.data?.upload;
    if (done != null && (done.reference ?? done.mask ?? done.model ?? done.dataSet) !== null) return done;
    if (more === 0) throw new Error(messageOf(finished.error ?? 'no answer'));
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }
}

/**
 * XMLHttpRequest, because fetch does not tell how much was sent. Resolves to false if all was sent and the connection
 * ended before the answer.
 */
function put(url: string, file: Blob, onProgress: (fraction: number) => void): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let sent = false;
    request.open('PUT', url);
    request.upload.onprogress = ({ loaded, total }) => onProgress(loaded / total);
    request.upload.onload = () => {
      sent = true;
      onProgress(1);
    };
    request.onerror = () => {
      if (sent) resolve(false);
      else reject(unanswered());
    };
    request.onload = () => {
      if (request.status < 300) resolve(true);
      else if (GATEWAY.includes(request.status) && sent) resolve(false);
      else reject(refusal(request));
    };
    request.send(file);
  });
}

/** What a proxy answers that did not wait for the service. */
const GATEWAY: readonly number[] = [502, 504];

interface Refusal {
  readonly message: string;
  readonly extensions?: { readonly problems?: readonly string[]; readonly problemCount?: number };
}

function refusal({ responseText, status }: XMLHttpRequest): UploadRefused {
  try {
    const { errors } = JSON.parse(responseText) as { errors: readonly Refusal[] };
    // The name of the file stands beside it.
    const message = errors.map((error) => error.message.replace(/^body: /, '')).join('\n');
    const problems = errors.flatMap(({ extensions }) => extensions?.problems ?? []);
    return new UploadRefused(message, problems, errors[0]?.extensions?.problemCount);
  } catch {
    return new UploadRefused(`HTTP ${String(status)}`, []);
  }
}
