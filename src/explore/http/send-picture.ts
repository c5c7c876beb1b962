import { sendFile } from '@app/http';
import type { ObjectStorage } from '@app/storage';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PlacedPicture } from '../contracts/index.js';
import { storedBytes } from './stored-bytes.js';

/** A stranger's bytes: never a page of this origin, whatever a browser makes of them. */
export async function sendPicture(
  reply: FastifyReply,
  request: FastifyRequest,
  storage: ObjectStorage,
  { key, type, sizeBytes, digest }: PlacedPicture,
): Promise<void> {
  reply.header('content-security-policy', "default-src 'none'; sandbox");
  await sendFile(reply, request, {
    name: `${digest.slice(0, 16)}.${type.slice('image/'.length)}`,
    ...{ type, sizeBytes, etag: `"${digest}"`, cacheControl: 'private, max-age=86400' },
    read: storedBytes(storage, key),
  });
}
