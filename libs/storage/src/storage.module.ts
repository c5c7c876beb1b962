import { Inject, Module, type OnApplicationShutdown, type OnModuleInit, Optional } from '@nestjs/common';
import { Config } from '@app/config';
import { HealthChecks } from '@app/http';
import { FolderStorage } from './folder.storage.js';
import { ObjectStorage } from './object-storage.js';

/** An answer about the storage's health may be this old: a look may cost money. */
const FRESH_MS = 10_000;

/** The storage that STORAGE_URL names, for the modules that import this one. */
@Module({
  providers: [{ provide: ObjectStorage, inject: [Config], useFactory: (config: Config) => storageOf(config) }],
  exports: [ObjectStorage],
})
export class StorageModule implements OnModuleInit, OnApplicationShutdown {
  private lastCheck: { at: number; result: Promise<void> } | undefined;

  constructor(
    @Inject(ObjectStorage) private readonly storage: ObjectStorage,
    @Optional() @Inject(HealthChecks) private readonly health: HealthChecks | undefined,
  ) {}

  onModuleInit(): void {
    // Models that are loaded or on this machine still answer without it.
    this.health?.add('storage', () => this.check(), { required: false });
  }

  onApplicationShutdown(): void {
    this.storage.close();
  }

  private check(): Promise<void> {
    const now = Date.now();
    if (!this.lastCheck || now - this.lastCheck.at > FRESH_MS)
      this.lastCheck = { at: now, result: this.storage.check() };
    return this.lastCheck.result;
  }
}

async function storageOf({ storage: { url, s3 } }: Config): Promise<ObjectStorage> {
  if (url.startsWith('folder://')) return new FolderStorage(url.slice('folder://'.length));
  const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/?(.*?)\/*$/.exec(url) ?? [];
  const { endpoint, publicEndpoint, region, forcePathStyle, accessKeyId, secretAccessKey } = s3;
  const credentials = accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined;
  // Loading it takes a good part of a start, so only where there is a bucket.
  const { S3Storage } = await import('./s3.storage.js');
  return new S3Storage({ bucket, prefix, endpoint, publicEndpoint, region, forcePathStyle, credentials });
}
