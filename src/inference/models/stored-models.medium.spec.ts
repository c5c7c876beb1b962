import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Logger } from '@nestjs/common';
import { loadConfig } from '@app/config';
import { DomainError } from '@app/kernel';
import { type ByteRange, FolderStorage } from '@app/storage';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FetchingEngine } from './fetching-engine.js';
import { LocalModels } from './local-models.js';
import type { Engine, EngineEvent } from '../domain/engine.js';

const bytes = Buffer.alloc(3_500_000, 'model');
const digest = createHash('sha256').update(bytes).digest('hex');
const key = `${digest}.gguf`;
const signal = new AbortController().signal;

/** A storage of another machine: what it has must be fetched. */
class RemoteStorage extends FolderStorage {
  gets: number[] = [];
  /** Bytes of one answer before its connection breaks; Infinity for none that breaks. */
  breaksAfter = Infinity;

  override localPath(): null {
    return null;
  }

  override async *get(name: string, range: ByteRange = {}, stop?: AbortSignal) {
    this.gets.push(range.from ?? 0);
    let sent = 0;
    for await (const chunk of super.get(name, range, stop)) {
      yield chunk;
      sent += chunk.length;
      if (sent >= this.breaksAfter) throw new DomainError('unavailable', 'storage.unavailable', 'Broken.');
    }
  }
}

describe('models in a storage', () => {
  let folder: string;
  let storage: RemoteStorage;
  let models: LocalModels;
  let path: string;
  beforeEach(async () => {
    vi.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    folder = mkdtempSync(join(tmpdir(), 'parley-models-'));
    storage = new RemoteStorage(join(folder, 'remote'));
    models = new LocalModels(loadConfig({ DATA_DIR: folder }), storage);
    path = models.pathOf(digest);
    await storage.put(key, Readable.from([bytes]), { sha256: digest, sizeBytes: bytes.length });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const fetched = (watch: (progress: number) => void = () => undefined) => models.fetch(path, signal, watch);
  const leftOvers = () => readdirSync(join(folder, 'models/.partial'));

  it('are fetched once by all who want them, who see how far it is', async () => {
    expect(await models.lacks(path)).toBe(true);
    const seen: number[] = [];
    await Promise.all([fetched((progress) => seen.push(progress)), fetched(), fetched()]);
    expect((await readFile(path)).equals(bytes)).toBe(true);
    expect(storage.gets).toEqual([0]);
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(await models.lacks(path)).toBe(false);
    expect(leftOvers()).toEqual([]);
  });

  it('go on where the connection broke', async () => {
    storage.breaksAfter = 2 ** 20;
    await fetched();
    expect(storage.gets).toEqual([0, 2 ** 20, 2 * 2 ** 20, 3 * 2 ** 20]);
    expect((await readFile(path)).equals(bytes)).toBe(true);
  });

  it('are not used when their bytes are not theirs', async () => {
    await writeFile(join(folder, 'remote', key), Buffer.alloc(bytes.length));
    await expect(fetched()).rejects.toMatchObject({ code: 'inference.model-unusable' });
    expect(await models.lacks(path)).toBe(true);
    expect(leftOvers()).toEqual([]);
  });

  it('that the storage lacks are told of', async () => {
    await storage.delete(key);
    await expect(fetched()).rejects.toMatchObject({ code: 'inference.model-not-stored' });
  });

  it('go on coming for those who stay, and stop when the last has left', async () => {
    const one = new AbortController();
    const leaving = models.fetch(path, one.signal, () => one.abort(new Error('left')));
    const staying = fetched();
    await expect(leaving).rejects.toThrow('left');
    await staying;
    expect(storage.gets).toEqual([0]);

    await models.forget(digest);
    const last = new AbortController();
    await expect(models.fetch(path, last.signal, () => last.abort(new Error('left')))).rejects.toThrow('left');
    expect(await models.lacks(path)).toBe(true);
    await fetched();
  });

  it('lose their copy, and not what the storage has, when they are removed', async () => {
    await fetched();
    await models.forget(digest);
    expect(await models.lacks(path)).toBe(true);
    expect(await storage.stat(key)).not.toBeNull();
  });

  it('are used where they lie when the storage is a folder of this machine', async () => {
    const shared = new FolderStorage(join(folder, 'remote'));
    const here = new LocalModels(loadConfig({ DATA_DIR: folder }), shared);
    expect(here.pathOf(digest)).toBe(join(folder, 'remote', key));
    expect(await here.lacks(here.pathOf(digest))).toBe(false);
    await here.forget(digest);
    expect(await shared.stat(key)).not.toBeNull();
  });

  it('are fetched at the beginning of loading, which never goes back', async () => {
    const engine = {
      async *generate(): AsyncGenerator<EngineEvent> {
        yield { type: 'loading', progress: 0 };
        yield { type: 'loading', progress: 1 };
        yield { type: 'finish', reason: 'stop', promptTokens: 1, cachedPromptTokens: 0, completionTokens: 0 };
      },
    } as unknown as Engine;
    const fetching = new FetchingEngine(engine, models);
    const events: EngineEvent[] = [];
    const request = { model: path, messages: [], sampler: {} as never };
    for await (const event of fetching.generate(request, signal)) events.push(event);
    const progress = events.flatMap((event) => (event.type === 'loading' ? [event.progress] : []));
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect([progress[0], progress.at(-1)]).toEqual([0, 1]);
    expect(progress.length).toBeGreaterThan(3);
    expect(events.at(-1)?.type).toBe('finish');
  });
});
