import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DomainError } from '@app/kernel';
import { ObjectStorage } from '@app/storage';
import type { PlacedPicture } from '../contracts/index.js';
import { noPicture, notAPicture } from '../domain/errors.js';
import { PictureRows } from '../persistence/picture-rows.js';
import { HubApi } from '../sources/hub-api.js';
import { Cards } from './cards.js';
import { pictureType } from './picture-type.js';

const MOST_BYTES = 4 * 2 ** 20;
/** All pictures together; beyond, those that nobody looked at for longest go. */
const MOST_BYTES_KEPT = 256 * 2 ** 20;
const FRESH_MS = 7 * 24 * 3_600_000;
/** What was no picture is looked at again after so long. */
const REFUSED_MS = 600_000;
const DEADLINE_MS = 15_000;

/**
 * Pictures of cards, brought by this server: the page shows nothing of other origins, and who reads a card is not told to
 * whoever wrote it. Only addresses that a card names are asked, and only public ones.
 */
@Injectable()
export class Pictures {
  private readonly bringing = new Map<string, Promise<PlacedPicture>>();

  constructor(
    private readonly cards: Cards,
    private readonly api: HubApi,
    private readonly rows: PictureRows,
    private readonly storage: ObjectStorage,
  ) {}

  async locate(repo: string, id: string): Promise<PlacedPicture> {
    const address = await this.cards.pictureAddress(repo, id);
    if (!address) throw noPicture();
    const kept = await this.rows.find(id);
    const age = kept ? Date.now() - kept.fetchedAt.getTime() : Infinity;
    if (kept?.refused && age < REFUSED_MS) throw notAPicture();
    if (kept?.picture && age < FRESH_MS) return kept.picture;
    try {
      return await this.bringOnce(repo, id, address);
    } catch (error) {
      if (kept?.picture && error instanceof DomainError) return kept.picture;
      throw error;
    }
  }

  private bringOnce(repo: string, id: string, address: URL): Promise<PlacedPicture> {
    const running = this.bringing.get(id);
    if (running) return running;
    const bringing = this.bring(repo, id, address).finally(() => this.bringing.delete(id));
    this.bringing.set(id, bringing);
    return bringing;
  }

  private async bring(repo: string, id: string, address: URL): Promise<PlacedPicture> {
    // The token is for what belongs to the card; no card may have another private file fetched with it.
    const anonymous = !address.pathname.includes(`/${repo}/resolve/`);
    const { bytes } = await this.api.get(address, {
      ...{ follow: 'public', anonymous, most: MOST_BYTES, tooLong: 'refuse', signal: AbortSignal.timeout(DEADLINE_MS) },
      headers: { accept: 'image/webp,image/png,image/jpeg,image/gif' },
    });
    const type = pictureType(bytes);
    if (!type) {
      await this.rows.refuse(id);
      throw notAPicture();
    }
    const digest = createHash('sha256').update(bytes).digest('hex');
    const picture: PlacedPicture = { key: `pictures/${digest}`, type, sizeBytes: bytes.length, digest };
    await this.storage.put(picture.key, once(bytes), { sha256: digest, sizeBytes: bytes.length });
    await this.rows.put(id, picture);
    for (const key of await this.rows.makeRoom(MOST_BYTES_KEPT)) await this.storage.delete(key);
    return picture;
  }
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
