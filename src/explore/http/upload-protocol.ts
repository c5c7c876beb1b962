import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { DomainError } from '@app/kernel';
import { z } from 'zod';
import { type UploadView, UPLOAD_PIECE_BYTES } from '../contracts/index.js';

/** tus 1.0.0, a protocol of resumable uploads that has clients for every language: https://tus.io/protocols/resumable-upload */
export const TUS_VERSION = '1.0.0';
export const TUS_EXTENSIONS = 'creation,expiration,termination';

const Length = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** @throws DomainError explore.upload-headers */
export function readNumber(headers: IncomingHttpHeaders, name: 'upload-length' | 'upload-offset'): number {
  const parsed = Length.safeParse(headers[name]);
  if (headers[name] === '' || !parsed.success)
    throw new DomainError('invalid', 'explore.upload-headers', `The header ${name} must be a count of bytes.`, {
      header: name,
    });
  return parsed.data;
}

/** The name that `Upload-Metadata` gives (`filename <base64>`), without any folder; for people only. */
export function fileNameIn(metadata: string | string[] | undefined): string {
  for (const pair of String(metadata ?? '').split(',')) {
    const [key, value = ''] = pair.trim().split(' ');
    if (key !== 'filename') continue;
    const name = Buffer.from(value, 'base64').toString('utf8').split(/[/\\]/).at(-1) ?? '';
    return name
      .replace(/\p{Cc}/gu, '')
      .toWellFormed()
      .slice(0, 255);
  }
  return '';
}

export const progressHeaders = ({ receivedBytes, sizeBytes, expiresAt }: UploadView): Record<string, string> => ({
  'tus-resumable': TUS_VERSION,
  'upload-offset': String(receivedBytes),
  'upload-length': String(sizeBytes),
  'upload-expires': new Date(expiresAt).toUTCString(),
  'cache-control': 'no-store',
});

/**
 * What of a body has come, in pieces of at most the size of one; the rest of a cut one, too, before its error. Every piece
 * lies in the same memory: done with before the next is asked for.
 *
 * @param mostBytes of the whole body that anybody will take
 */
export async function* piecesOf(body: Readable, mostBytes: number): AsyncGenerator<Buffer> {
  // Fresh memory for each piece kept the garbage collector busier than the disk. One byte more shows what is too long.
  const piece = Buffer.allocUnsafe(Math.min(UPLOAD_PIECE_BYTES, mostBytes + 1));
  let length = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.length;) {
        const copied = chunk.copy(piece, length, at);
        length += copied;
        at += copied;
        if (length < piece.length) continue;
        yield piece;
        length = 0;
      }
    }
  } catch {
    // The client left in the middle. What came is as good as any: it goes on behind it.
  }
  if (length > 0) yield piece.subarray(0, length);
}
