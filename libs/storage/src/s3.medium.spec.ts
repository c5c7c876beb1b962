import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';
import { newId } from '@app/kernel';
import { NetworkPath } from '@app/testing';
import { describe, expect, it } from 'vitest';
import { objectStorageContract } from './object-storage.contract.js';
import { S3Storage } from './s3.storage.js';

const given = process.env['TEST_S3_URL'];
const server = new URL(given ?? 'http://nobody:nothing@127.0.0.1:1');
const MIB = 2 ** 20;
const partBytes = 5 * MIB;

/** A bucket of its own. */
async function open(endpoint = server.origin) {
  const credentials = { accessKeyId: server.username, secretAccessKey: server.password };
  const options = { region: 'us-east-1', credentials, forcePathStyle: true };
  const admin = new S3Client({ ...options, endpoint: server.origin });
  const Bucket = `test-${newId()}`;
  await admin.send(new CreateBucketCommand({ Bucket }));
  const storage = new S3Storage({ ...options, endpoint, bucket: Bucket, prefix: 'some/models', partBytes });
  const keys = async () =>
    ((await admin.send(new ListObjectsV2Command({ Bucket }))).Contents ?? []).map(({ Key }) => Key!);
  const uploads = async () => (await admin.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads ?? [];
  const close = async () => {
    storage.close();
    for (const Key of await keys()) await admin.send(new DeleteObjectCommand({ Bucket, Key }));
    await admin.send(new DeleteBucketCommand({ Bucket }));
    admin.destroy();
  };
  return { storage, close, keys, uploads, bucket: Bucket, options };
}

if (given) objectStorageContract('S3', 17 * MIB, () => open());

describe.skipIf(!given)('an S3 storage', () => {
  async function* half() {
    yield Buffer.alloc(12 * MIB, 'x');
    throw new Error('broken');
  }

  it('keeps its objects below the prefix, and no part of an upload that failed', async () => {
    const { storage, close, keys, uploads } = await open();
    await expect(storage.put('a', half(), { sha256: '', sizeBytes: 20 * MIB })).rejects.toThrow('broken');
    expect(await uploads()).toEqual([]);
    expect(await keys()).toEqual([]);
    const bytes = async function* () {
      yield Buffer.from('x');
    };
    const sha256 = '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881';
    await storage.put('a', bytes(), { sha256, sizeBytes: 1 });
    expect(await keys()).toEqual(['some/models/a']);
    expect(await storage.stat('a')).toMatchObject({ sha256 });
    await close();
  });

  it('says that its bucket is missing, or its key wrong', async () => {
    const { bucket, options, close } = await open();
    const at = { ...options, endpoint: server.origin, prefix: '' };
    const unavailable = { code: 'storage.unavailable', kind: 'unavailable' };
    await expect(new S3Storage({ ...at, bucket: 'not-there' }).check()).rejects.toMatchObject(unavailable);
    const credentials = { accessKeyId: server.username, secretAccessKey: 'wrong' };
    await expect(new S3Storage({ ...at, bucket, credentials }).stat('a')).rejects.toMatchObject(unavailable);
    await close();
  });

  it('presigns for the address that browsers reach, and asks its server at its own', async () => {
    const { bucket, options, close } = await open();
    const outside = await NetworkPath.to(server.origin);
    const { origin } = new URL(outside.url);
    const at = { ...options, bucket, prefix: '', endpoint: server.origin, publicEndpoint: origin };
    const storage = new S3Storage(at);
    const bytes = async function* () {
      yield Buffer.from('x');
    };
    await storage.put('a', bytes(), { sha256: null, sizeBytes: 1 });
    const url = await storage.presign('a', 60);
    expect(new URL(url).origin).toBe(origin);
    expect(await (await fetch(url)).text()).toBe('x');
    // Signed for that host and no other.
    expect((await fetch(url.replace(origin, server.origin))).status).toBe(403);
    storage.close();
    outside.cut();
    await close();
  });

  it('says so when its server is gone, also in the middle of an object', async () => {
    const path = await NetworkPath.to(server.origin);
    const { storage, close } = await open(new URL(path.url).origin);
    async function* bytes() {
      for (let i = 0; i < 16; i++) yield Buffer.alloc(MIB);
    }
    const sha256 = '080acf35a507ac9849cfcba47dc2ad83e01b75663a516279c8b9d243b719643e';
    await storage.put('a', bytes(), { sha256, sizeBytes: 16 * MIB });
    const reading = async () => {
      for await (const _ of storage.get('a')) path.cut();
    };
    await expect(reading()).rejects.toMatchObject({ code: 'storage.unavailable' });
    await expect(storage.stat('a')).rejects.toMatchObject({ code: 'storage.unavailable' });
    await close();
  });
});
