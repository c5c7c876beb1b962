import { newId } from '@app/kernel';
import { type Actor, MessageBus } from '@app/messaging';
import { Injectable } from '@nestjs/common';
import { AdapterConversionRequested } from '../contracts/index.js';
import { uploadIncomplete, uploadNotFound } from '../domain/adapter-errors.js';
import { Adapters } from '../persistence/adapters.js';
import { isComplete, Uploads } from '../persistence/uploads.js';

/** Gives complete uploads to an adapter as its next version, and asks for the conversion. */
@Injectable()
export class NewVersion {
  constructor(
    private readonly uploads: Uploads,
    private readonly adapters: Adapters,
    private readonly bus: MessageBus,
  ) {}

  /** @throws DomainError explore.upload-not-found, explore.upload-incomplete */
  async add(adapter: { id: string; ownerId: string }, uploadIds: string[], actor: Actor): Promise<void> {
    const now = new Date();
    for (const id of uploadIds) {
      const upload = await this.uploads.find(id, now);
      if (upload?.ownerId !== actor.userId) throw uploadNotFound(id);
      if (!isComplete(upload)) throw uploadIncomplete(id);
    }
    const { id: adapterId, ownerId } = adapter;
    const versionId = newId();
    const number = await this.adapters.addVersion(adapterId, versionId, [...new Set(uploadIds)], now);
    await this.bus.publish(new AdapterConversionRequested({ adapterId, versionId, number, ownerId }), {
      stream: `explore.adapter:${adapterId}`,
    });
  }
}
