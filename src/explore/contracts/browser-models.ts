import { command, event, query } from '@app/messaging';
import { z } from 'zod';
import { Digest } from './views.js';

/** A model file that the browser's own engine (MediaPipe) loads. `lora`: only the `.bin` (TFL3) form takes adapters. */
export const BrowserModelView = z
  .object({
    id: z.string(),
    name: z.string(),
    digest: Digest,
    sizeBytes: z.number(),
    format: z.enum(['bin', 'task', 'litertlm']),
    lora: z.boolean().describe('Whether adapters can be loaded onto it'),
    license: z.string().nullable(),
    installedAt: z.iso.datetime(),
  })
  .meta({ id: 'BrowserModelView' });
export type BrowserModelView = z.infer<typeof BrowserModelView>;

export const BrowserModelList = z.object({ items: z.array(BrowserModelView) }).meta({ id: 'BrowserModelList' });

/** Takes a complete upload as a model for the browser. Throws `explore.not-a-model`, `explore.model-exists`. */
export class AddBrowserModel extends command(
  'explore.add-browser-model.v1',
  z.object({
    id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,99}$/),
    name: z.string().trim().min(1).max(120),
    license: z.string().trim().min(1).max(100).nullable().default(null),
    uploadId: z.uuid(),
  }),
  BrowserModelView,
) {}

export class RemoveBrowserModel extends command('explore.remove-browser-model.v1', z.object({ id: z.string() })) {}

export class ListBrowserModels extends query('explore.list-browser-models.v1', z.object({}), BrowserModelList) {}

export class BrowserModelAdded extends event('explore.browser-model.added.v1', BrowserModelView) {}

export class BrowserModelRemoved extends event(
  'explore.browser-model.removed.v1',
  z.object({ id: z.string(), digest: Digest }),
) {}
