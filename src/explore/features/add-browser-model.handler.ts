import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileSource } from '@app/gguf';
import { DomainError } from '@app/kernel';
import { readMediaPipeBase } from '@app/lora';
import { type DataOf, Handles, MessageBus, type MessageContext, requireActor } from '@app/messaging';
import { Database } from '@app/persistence';
import { ObjectStorage } from '@app/storage';
import { AddBrowserModel, BrowserModelAdded, type BrowserModelView } from '../contracts/index.js';
import { modelExists, uploadIncomplete, uploadNotFound } from '../domain/adapter-errors.js';
import { notAModel } from '../domain/errors.js';
import { BrowserModels } from '../persistence/browser-models.js';
import { ModelFiles } from '../persistence/model-files.js';
import { UploadBytes } from '../persistence/upload-bytes.js';
import { isComplete, Uploads } from '../persistence/uploads.js';

/** Told by their first bytes and read to the shapes of the model, as the browser engine does: what it cannot run is refused. */
@Handles(AddBrowserModel, { transaction: false })
export class AddBrowserModelHandler {
  constructor(
    private readonly uploads: Uploads,
    private readonly bytes: UploadBytes,
    private readonly files: ModelFiles,
    private readonly models: BrowserModels,
    private readonly storage: ObjectStorage,
    private readonly db: Database,
    private readonly bus: MessageBus,
  ) {}

  async handle(
    { id, name, license, uploadId }: DataOf<AddBrowserModel>,
    context: MessageContext,
  ): Promise<BrowserModelView> {
    const upload = await this.uploads.find(uploadId, new Date());
    if (upload?.ownerId !== requireActor(context).userId) throw uploadNotFound(uploadId);
    if (!isComplete(upload)) throw uploadIncomplete(uploadId);
    await this.files.freeBytes(); // makes the folder
    const path = join(this.files.folder, `.browser-model-${uploadId}`);
    try {
      const digest = await this.bytes.assemble(uploadId, path, context.signal, () => undefined);
      const format = await formatOf(path);
      const { sizeBytes } = upload;
      const lora = await takesAdapters(path);
      const key = `browser/${digest}.${format}`;
      const view = { id, name, digest, sizeBytes, format, lora, license, installedAt: new Date().toISOString() };
      if (await this.models.findByDigest(digest)) throw modelExists(id);
      await this.storage.adopt(key, path, { sha256: digest, sizeBytes }, context.signal);
      await this.db.transaction(async () => {
        if (!(await this.models.add({ ...view, key }))) throw modelExists(id);
        await this.bus.publish(new BrowserModelAdded(view), { stream: `explore.browser-model:${id}` });
      });
      await this.bytes.remove([uploadId]);
      return view;
    } finally {
      await rm(path, { force: true });
    }
  }
}

async function formatOf(path: string): Promise<BrowserModelView['format']> {
  await using file = await open(path, 'r');
  const { buffer } = await file.read(Buffer.alloc(8), 0, 8, 0);
  const head = buffer.toString('latin1');
  if (head.startsWith('TFL3', 4)) return 'bin';
  if (head.startsWith('PK') || head.startsWith('PK', 4))
    throw notAModel(
      'The engine of browsers runs no .task bundle: take the .bin or the “-web.litertlm” form of this model.',
    );
  if (head === 'LITERTLM') return 'litertlm';
  throw notAModel('This is no model for the browser: neither .bin nor .litertlm of MediaPipe.');
}

async function takesAdapters(path: string): Promise<boolean> {
  await using file = await open(path, 'r');
  try {
    await readMediaPipeBase(await fileSource(file));
    return true;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    // A kind of model that takes none is a model all the same; a damaged one is not.
    if (error.code === 'explore.adapter-base-unsupported') return false;
    throw notAModel(error.message);
  }
}
