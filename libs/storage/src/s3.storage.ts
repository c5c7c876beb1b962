import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { checked } from './checked-bytes.js';
import { requireKey, requirePrefix } from './object-key.js';
import {
  type ByteRange,
  type Expected,
  type ObjectPage,
  ObjectStorage,
  type PresignedHeaders,
  type SizeAlone,
  type StoredObject,
} from './object-storage.js';
import { notFound } from './problems.js';
import { isMissing, translated } from './s3-problems.js';
import { inParts, uploadParts } from './s3-upload.js';

export interface S3Options {
  bucket: string;
  /** In front of every key, without a slash at its end; empty for none. */
  prefix: string;
  /** Of another provider than Amazon. */
  endpoint?: string;
  /** Where browsers reach it, if not there; presigned URLs are for it. */
  publicEndpoint?: string;
  region: string;
  /** Left out: what the machine has (environment, role of the node or the pod). */
  credentials?: { accessKeyId: string; secretAccessKey: string };
  /** `https://host/bucket/key` instead of `https://bucket.host/key`. */
  forcePathStyle: boolean;
  /** Silence after which a connection counts as broken. Default 30,000. */
  idleTimeoutMs?: number;
  /** Larger objects are sent in parts. Default 16 MiB; 5 MiB at least. */
  partBytes?: number;
}

const PART_BYTES = 16 * 2 ** 20;
/** S3 takes 10,000 parts. */
const MOST_PARTS = 9_000;
const DIGEST = 'sha256';

/** A bucket of Amazon S3 or of a server that speaks its protocol. */
export class S3Storage extends ObjectStorage {
  private readonly client: S3Client;
  /** Signs for the address that others reach, and asks nobody. */
  private readonly signer: S3Client;

  constructor(private readonly options: S3Options) {
    super();
    const { endpoint, publicEndpoint, region, credentials, forcePathStyle, idleTimeoutMs = 30_000 } = options;
    const common = { region, credentials, forcePathStyle, maxAttempts: 3 };
    const requestHandler = { connectionTimeout: 5_000, socketTimeout: idleTimeoutMs };
    this.client = new S3Client({ ...common, endpoint, requestHandler });
    this.signer = publicEndpoint ? new S3Client({ ...common, endpoint: publicEndpoint }) : this.client;
  }

  get location(): string {
    const { bucket, prefix, endpoint } = this.options;
    return `s3://${bucket}${prefix && `/${prefix}`}${endpoint ? ` at ${endpoint}` : ''}`;
  }

  localPath(): null {
    return null;
  }

  async put(
    key: string,
    bytes: AsyncIterable<Uint8Array>,
    expected: Expected | SizeAlone,
    signal?: AbortSignal,
  ): Promise<void> {
    const Metadata: Record<string, string> = expected.sha256 === null ? {} : { [DIGEST]: expected.sha256 };
    const target = { ...this.at(key), Metadata };
    const { partBytes = PART_BYTES } = this.options;
    const size = Math.max(partBytes, Math.ceil(expected.sizeBytes / MOST_PARTS));
    const parts = inParts(checked(bytes, expected, signal), size);
    await translated(signal, async () => {
      if (expected.sizeBytes > size) return uploadParts(this.client, target, parts, signal);
      const sent: Buffer[] = [];
      for await (const part of parts) sent.push(part);
      const Body = Buffer.concat(sent);
      await this.client.send(new PutObjectCommand({ ...target, Body }), { abortSignal: signal });
    });
  }

  async adopt(key: string, path: string, expected: Expected, signal?: AbortSignal): Promise<void> {
    await this.put(key, createReadStream(path, { highWaterMark: 2 ** 20 }), expected, signal);
    await rm(path, { force: true });
  }

  async *get(key: string, { from = 0, length }: ByteRange = {}, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    if (length === 0) return;
    const end = length === undefined || length === Infinity ? '' : String(from + length - 1);
    const Range = from > 0 || end ? `bytes=${from}-${end}` : undefined;
    const found = await translated(signal, async () => {
      try {
        return await this.client.send(new GetObjectCommand({ ...this.at(key), Range }), { abortSignal: signal });
      } catch (error) {
        if (isMissing(error)) throw notFound(key);
        // Nothing is left from there on; a folder has no error for that either.
        if ((error as Error).name === 'InvalidRange') return undefined;
        throw error;
      }
    });
    const body = found?.Body as (AsyncIterable<Uint8Array> & { destroy(): void }) | undefined;
    if (!body) return;
    const chunks = body[Symbol.asyncIterator]();
    try {
      for (;;) {
        const { done, value } = await translated(signal, () => chunks.next());
        if (done) return;
        yield value;
      }
    } finally {
      body.destroy();
    }
  }

  async stat(key: string): Promise<StoredObject | null> {
    return translated(undefined, async () => {
      try {
        const found = await this.client.send(new HeadObjectCommand(this.at(key)));
        const { ContentLength: sizeBytes = 0, LastModified: modifiedAt = new Date(0), Metadata } = found;
        return { key, sizeBytes, modifiedAt, sha256: Metadata?.[DIGEST] ?? null };
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    });
  }

  async delete(key: string): Promise<void> {
    await translated(undefined, async () => {
      try {
        await this.client.send(new DeleteObjectCommand(this.at(key)));
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    });
  }

  async list(prefix: string, { after, limit = 1000 }: { after?: string; limit?: number } = {}): Promise<ObjectPage> {
    requirePrefix(prefix);
    const { bucket: Bucket } = this.options;
    const front = this.fullKey('');
    const StartAfter = after ? front + after : undefined;
    return translated(undefined, async () => {
      const answer = await this.client.send(
        new ListObjectsV2Command({ Bucket, Prefix: front + prefix, StartAfter, MaxKeys: limit }),
      );
      const objects = (answer.Contents ?? []).map(({ Key = '', Size = 0, LastModified = new Date(0) }) => ({
        ...{ key: Key.slice(front.length), sizeBytes: Size, modifiedAt: LastModified, sha256: null },
      }));
      return { objects, next: answer.IsTruncated ? (objects.at(-1)?.key ?? null) : null };
    });
  }

  async presign(key: string, seconds: number, headers?: PresignedHeaders): Promise<string> {
    const command = new GetObjectCommand({
      ...this.at(key),
      ResponseCacheControl: headers?.cacheControl,
      ResponseContentDisposition: headers?.contentDisposition,
      ResponseContentType: headers?.contentType,
    });
    const window = seconds * 1000;
    const signingDate = new Date(Math.floor(Date.now() / window) * window);
    return translated(undefined, () => getSignedUrl(this.signer, command, { expiresIn: 2 * seconds, signingDate }));
  }

  async check(): Promise<void> {
    const { bucket: Bucket } = this.options;
    await translated(undefined, () => this.client.send(new HeadBucketCommand({ Bucket })));
  }

  close(): void {
    this.client.destroy();
    this.signer.destroy();
  }

  private at(key: string): { Bucket: string; Key: string } {
    requireKey(key);
    return { Bucket: this.options.bucket, Key: this.fullKey(key) };
  }

  private fullKey(key: string): string {
    return this.options.prefix ? `${this.options.prefix}/${key}` : key;
  }
}
