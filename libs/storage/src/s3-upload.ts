import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  type CompletedPart,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { Logger } from '@nestjs/common';

/** Parts on their way at once: a slow answer must not stop the line, and each is held in memory. */
const AT_ONCE = 3;

interface Target {
  Bucket: string;
  Key: string;
  Metadata: Record<string, string>;
}

/** Sends an object part by part. It appears when all are there; when one fails nothing of it stays. */
export async function uploadParts(
  client: S3Client,
  { Metadata, ...at }: Target,
  parts: AsyncIterable<Buffer>,
  signal?: AbortSignal,
): Promise<void> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...at, Metadata }), {
    abortSignal: signal,
  });
  const upload = { ...at, UploadId };
  const stop = new AbortController();
  const abortSignal = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const running = new Set<Promise<void>>();
  const sent: CompletedPart[] = [];
  try {
    let PartNumber = 0;
    for await (const Body of parts) {
      const number = (PartNumber += 1);
      const send = async () => {
        const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber: number, Body }), {
          abortSignal,
        });
        sent.push({ PartNumber: number, ETag });
      };
      const sending = send().finally(() => running.delete(sending));
      // It is waited for below; meanwhile its failure must not count as nobody's.
      sending.catch(() => undefined);
      running.add(sending);
      if (running.size >= AT_ONCE) await Promise.race(running);
    }
    await Promise.all(running);
    const Parts = sent.toSorted((a, b) => a.PartNumber! - b.PartNumber!);
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }), { abortSignal });
  } catch (error) {
    stop.abort();
    await Promise.allSettled(running);
    await client.send(new AbortMultipartUploadCommand(upload)).catch((err: unknown) => {
      // A rule of the bucket removes it; the reason of the failure matters more.
      new Logger('Storage').warn({ msg: `Parts of ${at.Key} stay in the bucket.`, err });
    });
    throw error;
  }
}

/** The same bytes in buffers of one size, the last one smaller. */
export async function* inParts(bytes: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Buffer> {
  let chunks: Uint8Array[] = [];
  let length = 0;
  for await (let chunk of bytes) {
    while (length + chunk.length >= size) {
      const rest = size - length;
      yield Buffer.concat([...chunks, chunk.subarray(0, rest)]);
      chunk = chunk.subarray(rest);
      [chunks, length] = [[], 0];
    }
    // The giver may use its memory again.
    if (chunk.length > 0) chunks.push(Uint8Array.from(chunk));
    length += chunk.length;
  }
  if (length > 0) yield Buffer.concat(chunks);
}
