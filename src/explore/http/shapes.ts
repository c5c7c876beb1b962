import { z } from 'zod';
import {
  AddAdapterVersion,
  AddBrowserModel,
  ChangeAdapter,
  CreateAdapter,
  GetEntry,
  GetFile,
  InstallHubFile,
  InstallModel,
  ListAdapters,
  ListHubFiles,
  LocatePicture,
  RateEntry,
  SearchCatalogue,
  SearchHub,
  SetDefaultModel,
} from '../contracts/index.js';

export const InstallModelBody = InstallModel.schema.meta({ id: 'InstallModelBody' });
export const SetDefaultModelBody = SetDefaultModel.schema.meta({ id: 'SetDefaultModelBody' });
export const ModelId = SetDefaultModel.schema.shape.modelId;

export const CreateAdapterBody = CreateAdapter.schema.meta({ id: 'CreateAdapterBody' });
export const ChangeAdapterBody = ChangeAdapter.schema.omit({ adapterId: true }).meta({ id: 'ChangeAdapterBody' });
export const AddAdapterVersionBody = AddAdapterVersion.schema
  .omit({ adapterId: true })
  .meta({ id: 'AddAdapterVersionBody' });
export const AddBrowserModelBody = AddBrowserModel.schema.meta({ id: 'AddBrowserModelBody' });

export const HubFilesParams = ListHubFiles.schema;
export const SearchHubParams = SearchHub.schema.extend({ limit: z.coerce.number().int().min(1).max(60).default(24) });
export const HubName = z
  .string()
  .max(100)
  .regex(/^[\w.-]+$/)
  .refine((name) => name !== '.' && name !== '..');
export const InstallHubFileBody = InstallHubFile.schema.meta({ id: 'InstallHubFileBody' });

export const EntryId = GetEntry.schema.shape.entryId;
export const PictureId = LocatePicture.schema.shape.pictureId;
export const RateEntryBody = RateEntry.schema.omit({ entryId: true }).meta({ id: 'RateEntryBody' });
const bytes = z.coerce.number().int().min(0).optional();
export const SearchCatalogueParams = SearchCatalogue.schema.extend({
  installed: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .optional(),
  browserMemory: bytes,
  browserStorage: bytes,
  limit: z.coerce.number().int().min(1).max(60).default(24),
});

/** Query strings are text: numbers are read as numbers. */
export const ListAdaptersParams = ListAdapters.schema.extend({
  mine: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .optional(),
  limit: z.coerce.number().int().min(1).max(100).default(30),
});

export const Sha256 = GetFile.schema.shape.sha256;
export const FileName = z.string().min(1).max(255);
export const FileLinkParams = z.object({
  expires: z.coerce.number().int().min(0).optional(),
  signature: z.string().max(100).optional(),
});
