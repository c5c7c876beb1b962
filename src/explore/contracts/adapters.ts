import { command, event, query } from '@app/messaging';
import { z } from 'zod';
import { Digest, InstallError } from './views.js';

const adapterId = z.uuid();

export const AdapterEncoding = z.enum(['gguf', 'mediapipe']);
export type AdapterEncoding = z.infer<typeof AdapterEncoding>;

/** Groups are the roles of accounts. */
export const Visibility = z.enum(['private', 'group', 'public']);
export type Visibility = z.infer<typeof Visibility>;

export const AdapterStatus = z.enum(['queued', 'converting', 'ready', 'failed']);
export type AdapterStatus = z.infer<typeof AdapterStatus>;

/** A file that an engine loads: GGUF for llama.cpp on the server, MediaPipe for the browser. */
export const AdapterFileView = z
  .object({
    encoding: AdapterEncoding,
    sha256: Digest,
    sizeBytes: z.number(),
    url: z.string().describe('Signed and short-lived; ask again for a fresh one'),
  })
  .meta({ id: 'AdapterFileView' });

export const AdapterVersionView = z
  .object({
    id: z.uuid(),
    number: z.int().describe('1 is the first'),
    status: AdapterStatus,
    step: z.string().nullable().describe('What a conversion does now: receiving, checking, gguf, mediapipe or storing'),
    progress: z.number().min(0).max(1),
    error: InstallError.nullable(),
    rank: z.int().nullable().describe('The largest of its matrices; MediaPipe must be created with it'),
    scale: z.number().nullable().describe('What B·A is multiplied by at strength 1; null where matrices differ'),
    madeFor: z.string().nullable().describe('The base model as its author names it'),
    files: z.array(AdapterFileView),
    notes: z.array(InstallError).describe('Why an encoding is missing'),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'AdapterVersionView' });
export type AdapterVersionView = z.infer<typeof AdapterVersionView>;

const BaseView = z.object({
  digest: Digest,
  modelId: z.string().nullable().describe('null: that model is not installed any more'),
});

/** A LoRA adapter: small matrices that change one base model. */
export const AdapterView = z
  .object({
    id: z.uuid(),
    name: z.string(),
    description: z.string(),
    license: z.string().nullable().describe('SPDX identifier'),
    ownerId: z.uuid(),
    mine: z.boolean().describe('The caller may change it'),
    visibility: Visibility,
    group: z.enum(['admin', 'user']).nullable().describe('Role that sees it, when the visibility is group'),
    base: BaseView.nullable().describe('GGUF file that the GGUF encoding is bound to'),
    browserBase: BaseView.nullable().describe('MediaPipe file that the browser encoding is bound to'),
    current: z.int().nullable().describe('Number of the newest version that is ready'),
    versions: z.array(AdapterVersionView).describe('Newest first'),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'AdapterView' });
export type AdapterView = z.infer<typeof AdapterView>;

export const AdapterPage = z
  .object({ items: z.array(AdapterView), next: z.string().nullable().describe('To be given as `after`') })
  .meta({ id: 'AdapterPage' });

/** Complete uploads: config and safetensors of PEFT (two, or one zip), a GGUF adapter, a MediaPipe adapter. */
const uploadIds = z.array(z.uuid()).min(1).max(3);
const name = z.string().trim().min(1).max(120);
const description = z.string().trim().max(4000);
const license = z.string().trim().min(1).max(100).nullable();
const group = z.enum(['admin', 'user']).nullable();

/**
 * Makes an adapter of complete uploads and begins its conversion. Bound to the files of its base by digest: one of
 * `baseDigest` and `browserBaseDigest` at least. Throws `explore.adapter-base-not-installed`,
 * `explore.upload-incomplete`, `explore.too-many-adapters`.
 */
export class CreateAdapter extends command(
  'explore.create-adapter.v1',
  z.object({
    name,
    description: description.default(''),
    license: license.default(null),
    visibility: Visibility.default('private'),
    group: group.default(null),
    baseDigest: Digest.nullable().default(null),
    browserBaseDigest: Digest.nullable().default(null),
    uploadIds,
  }),
  AdapterView,
) {}

/** Another version, for the same base. The one before stays until it is ready, and afterwards by its number. */
export class AddAdapterVersion extends command(
  'explore.add-adapter-version.v1',
  z.object({ adapterId, uploadIds }),
  AdapterView,
) {}

/** What is left out stays. */
export class ChangeAdapter extends command(
  'explore.change-adapter.v1',
  z.object({
    adapterId,
    name: name.optional(),
    description: description.optional(),
    license: license.optional(),
    visibility: Visibility.optional(),
    group: group.optional(),
  }),
  AdapterView,
) {}

/** Removes the adapter, its versions and its files; a running conversion ends. */
export class DeleteAdapter extends command('explore.delete-adapter.v1', z.object({ adapterId })) {}

export class GetAdapter extends query('explore.get-adapter.v1', z.object({ adapterId }), AdapterView) {}

/** The adapters that the caller may see, newest first. */
export class ListAdapters extends query(
  'explore.list-adapters.v1',
  z.object({
    base: Digest.optional().describe('Only those for this file, in either encoding'),
    search: z.string().trim().max(200).optional(),
    mine: z.boolean().optional(),
    after: z.string().max(100).optional(),
    limit: z.int().min(1).max(100).default(30),
  }),
  AdapterPage,
) {}

/** What an engine needs of an adapter, for a caller who may see it. */
export const ResolvedAdapter = z.object({
  id: z.uuid(),
  name: z.string(),
  version: z.int(),
  sha256: Digest,
  sizeBytes: z.number(),
  key: z.string().describe('Of the file in the storage'),
  baseDigest: Digest,
});
export type ResolvedAdapter = z.infer<typeof ResolvedAdapter>;

/**
 * The GGUF files of adapters, in their order. `userId` and `role`: on whose behalf. Throws `explore.adapter-not-found`,
 * `explore.adapter-not-ready`, `explore.adapter-no-gguf`.
 */
export class ResolveAdapters extends query(
  'explore.resolve-adapters.v1',
  z.object({
    adapters: z
      .array(z.object({ id: z.uuid(), version: z.int().min(1).optional() }))
      .min(1)
      .max(8),
  }),
  z.object({ adapters: z.array(ResolvedAdapter) }),
) {}

const versionFact = { adapterId, versionId: z.uuid(), number: z.int(), ownerId: z.uuid() };

/** A version's files are here and wait to be checked and converted. */
export class AdapterConversionRequested extends event(
  'explore.adapter-conversion.requested.v1',
  z.object(versionFact),
) {}

/** A version can be loaded. */
export class AdapterVersionReady extends event(
  'explore.adapter-version.ready.v1',
  z.object({
    ...versionFact,
    name: z.string(),
    files: z.array(z.object({ encoding: AdapterEncoding, sha256: Digest, sizeBytes: z.number() })),
  }),
) {}

/** What was uploaded is no adapter of this base, or could not be converted; nothing of it is kept. */
export class AdapterVersionFailed extends event(
  'explore.adapter-version.failed.v1',
  z.object({ ...versionFact, name: z.string(), code: z.string(), message: z.string() }),
) {}

export class AdapterChanged extends event(
  'explore.adapter.changed.v1',
  z.object({ adapterId, visibility: Visibility, group: z.enum(['admin', 'user']).nullable() }),
) {}

/** Its files go, and whatever has it loaded lets go of it. */
export class AdapterRemoved extends event(
  'explore.adapter.removed.v1',
  z.object({
    adapterId,
    versionIds: z.array(z.uuid()),
    sha256: z.array(Digest),
    uploadIds: z.array(z.uuid()).describe('Of versions that were not converted yet, among others'),
  }),
) {}
