import { z } from 'zod';

/** SHA-256 of a model file, lower-case hex. It is the model's identity and the name of its file. */
export const Digest = z.string().regex(/^[0-9a-f]{64}$/);

export const SourceName = z.enum(['folder', 'ollama', 'huggingface', 'pypi']);
export type SourceName = z.infer<typeof SourceName>;

export const InstallStatus = z.enum(['queued', 'downloading', 'verifying', 'installed', 'cancelled', 'failed']);
export type InstallStatus = z.infer<typeof InstallStatus>;

export const InstallError = z
  .object({ code: z.string(), message: z.string() })
  .meta({ id: 'InstallError', description: 'Codes: explore.*; the message names every source that was tried' });
export type InstallError = z.infer<typeof InstallError>;

/** One attempt to bring a model of the catalogue onto this server. */
export const InstallView = z
  .object({
    id: z.uuid(),
    catalogueId: z.string(),
    name: z.string(),
    status: InstallStatus,
    source: SourceName.nullable().describe('Where the bytes come from; null until one is asked'),
    receivedBytes: z.number(),
    totalBytes: z.number(),
    error: InstallError.nullable(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'InstallView' });
export type InstallView = z.infer<typeof InstallView>;

export const InstallList = z.object({ items: z.array(InstallView) }).meta({ id: 'InstallList' });

/** A model that can be installed: one of the built-in catalogue, or a file found in the operator's model folder. */
export const CatalogueEntryView = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    license: z.string().nullable().describe('SPDX identifier'),
    parameters: z.number().describe('Count of weights'),
    quantization: z.string(),
    contextLength: z.number().describe('Tokens'),
    sizeBytes: z.number(),
    digest: Digest.nullable().describe('SHA-256, hex; null for a file of the folder that was not read yet'),
    sources: z.array(SourceName),
    default: z.boolean().describe('The model that this server installs by itself'),
    installed: z.boolean(),
    install: InstallView.nullable().describe('The latest install of this entry'),
  })
  .meta({ id: 'CatalogueEntryView' });
export type CatalogueEntryView = z.infer<typeof CatalogueEntryView>;

export const CatalogueView = z.object({ items: z.array(CatalogueEntryView) }).meta({ id: 'CatalogueView' });

/** A model whose checked file is on this server. */
export const InstalledModelView = z
  .object({
    id: z.string(),
    name: z.string(),
    digest: Digest,
    sizeBytes: z.number(),
    architecture: z.string(),
    contextLength: z.number(),
    license: z.string().nullable(),
    default: z.boolean().describe('Answers when a request names no model'),
    installedAt: z.iso.datetime(),
  })
  .meta({ id: 'InstalledModelView' });
export type InstalledModelView = z.infer<typeof InstalledModelView>;

export const InstalledModelList = z.object({ items: z.array(InstalledModelView) }).meta({ id: 'InstalledModelList' });
