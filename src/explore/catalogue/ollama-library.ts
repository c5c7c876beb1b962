import { existsSync } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** More are not listed: the library is read on every look at the catalogue. */
const MOST_MODELS = 300;
const MOST_MANIFEST_BYTES = 64 * 1024;
const MOST_LICENSE_BYTES = 4 * 1024;
const REGISTRY = 'registry.ollama.ai';
const MODEL = 'application/vnd.ollama.image.model';
const LICENSE = 'application/vnd.ollama.image.license';
/** With one of these the model says something else than its file alone would. */
const MORE_THAN_A_FILE = ['application/vnd.ollama.image.adapter'];

const Manifest = z.object({
  layers: z
    .array(
      z.object({
        mediaType: z.string(),
        digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
        size: z.int().positive(),
      }),
    )
    .max(100),
});

export interface OllamaModel {
  /** As Ollama calls it: `qwen3:0.6b`, `someone/model:tag`, `hf.co/someone/model:tag`. */
  name: string;
  /** SHA-256, hex, as the manifest says; what is installed is held to it. */
  digest: string;
  sizeBytes: number;
  /** Where the file is. */
  path: string;
  modifiedMs: number;
  /** Beginning of the text of the licence. */
  license: string | null;
}

/** The path of a blob in the first library that has it. */
export function ollamaBlob(folders: readonly string[], digest: string): string | null {
  const paths = folders.map((folder) => join(folder, 'blobs', `sha256-${digest}`));
  return paths.find((path) => existsSync(path)) ?? null;
}

/**
 * The models of Ollama's libraries whose file is whole: `manifests/<registry>/<owner>/<name>/<tag>` names blobs by digest.
 * What cannot be read as such is left out; nothing in a manifest is a path.
 */
export async function ollamaModels(folders: readonly string[]): Promise<OllamaModel[]> {
  const found = new Map<string, OllamaModel>();
  for (const folder of folders)
    for await (const parts of manifestsUnder(join(folder, 'manifests'))) {
      if (found.size >= MOST_MODELS) break;
      const model = await readModel(folder, parts).catch(() => null);
      if (model && !found.has(model.name)) found.set(model.name, model);
    }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function* manifestsUnder(folder: string, above: string[] = []): AsyncGenerator<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!/^[\w-][\w.-]{0,120}$/.test(entry.name)) continue;
    const parts = [...above, entry.name];
    if (entry.isDirectory() && parts.length < 4) yield* manifestsUnder(join(folder, entry.name), parts);
    else if (entry.isFile() && parts.length === 4) yield parts;
  }
}

async function readModel(folder: string, parts: readonly string[]): Promise<OllamaModel | null> {
  const text = await beginning(join(folder, 'manifests', ...parts), MOST_MANIFEST_BYTES);
  const { layers } = Manifest.parse(JSON.parse(text));
  const [model, ...more] = layers.filter(({ mediaType }) => mediaType === MODEL);
  if (!model || more.length > 0 || layers.some(({ mediaType }) => MORE_THAN_A_FILE.includes(mediaType))) return null;
  const blob = (digest: string) => join(folder, 'blobs', digest.replace(':', '-'));
  const path = blob(model.digest);
  const file = await stat(path);
  // While Ollama still fetches it the file has another name or size.
  if (!file.isFile() || file.size !== model.size) return null;
  const license = layers.find(({ mediaType }) => mediaType === LICENSE);
  const [registry, owner, name, tag] = parts;
  const prefix = registry !== REGISTRY ? `${registry}/${owner}/` : owner === 'library' ? '' : `${owner}/`;
  return {
    name: `${prefix}${name}:${tag}`,
    digest: model.digest.slice('sha256:'.length),
    sizeBytes: model.size,
    path,
    modifiedMs: file.mtimeMs,
    license: license ? await beginning(blob(license.digest), MOST_LICENSE_BYTES).catch(() => null) : null,
  };
}

async function beginning(path: string, mostBytes: number): Promise<string> {
  await using file = await open(path, 'r');
  const { bytesRead, buffer } = await file.read(Buffer.alloc(mostBytes), 0, mostBytes, 0);
  return buffer.toString('utf8', 0, bytesRead);
}

/** What a licence is called, by the text that it begins with. */
export function licenseName(text: string | null): string | null {
  if (!text) return null;
  if (/Apache License\s+Version 2\.0/.test(text)) return 'Apache-2.0';
  if (/^\s*MIT License|Permission is hereby granted, free of charge/.test(text)) return 'MIT';
  const line = text.split('\n').find((candidate) => /\p{L}/u.test(candidate));
  return (
    line
      ?.replace(/\p{Cc}/gu, ' ')
      .trim()
      .slice(0, 60) || null
  );
}
