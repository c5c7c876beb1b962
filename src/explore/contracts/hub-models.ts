import { query } from '@app/messaging';
import { z } from 'zod';
import { CardView, PlacedPicture } from './cards.js';
import { EntryFileList } from './entry-files.js';
import { ListHubFiles } from './hub.js';
import { Digest } from './views.js';

const repo = ListHubFiles.schema.shape.repo;

/** A repository of the hub, as the hub describes it. */
export const HubModelView = z
  .object({
    repository: z.string().describe('`<owner>/<name>`'),
    author: z.string(),
    name: z.string(),
    license: z.string().nullable(),
    downloads: z.number().describe('Lately, as the hub counts'),
    likes: z.number(),
    updatedAt: z.iso.datetime().nullable(),
    gated: z.boolean().describe('Its licence has to be accepted there, and HF_TOKEN set'),
    languages: z.array(z.string()),
    baseModel: z.string().nullable(),
    formats: z.array(z.string()),
    parameters: z.number().nullable(),
    contextLength: z.number().nullable().describe('Tokens'),
    entryId: z.string().nullable().describe('The entry of the catalogue that stands for it'),
  })
  .meta({ id: 'HubModelView' });
export type HubModelView = z.infer<typeof HubModelView>;

export const HubModelPage = z
  .object({ items: z.array(HubModelView), nextCursor: z.string().nullable() })
  .meta({ id: 'HubModelPage' });

export const HubModelDetails = HubModelView.extend({
  url: z.url().describe('Its page at the hub'),
  files: EntryFileList,
}).meta({ id: 'HubModelDetails' });

/**
 * Looks for models at the hub itself. Throws `explore.hub-off`, `explore.gated`, `explore.rate-limited`,
 * `explore.source-unavailable`, and `explore.bad-cursor` for a cursor of another search.
 */
export class SearchHub extends query(
  'explore.search-hub.v1',
  z.object({
    q: z.string().trim().max(200).default(''),
    kind: z
      .enum(['gguf', 'adapter', 'mediapipe'])
      .default('gguf')
      .describe('gguf: for this server; mediapipe: for the browser'),
    sort: z.enum(['downloads', 'likes', 'updated', 'trending']).default('downloads'),
    cursor: z.string().max(2000).optional(),
    limit: z.int().min(1).max(60).default(24),
  }),
  HubModelPage,
) {}

/** One repository with its files, each judged. Throws as SearchHub, and `explore.not-found`. */
export class GetHubModel extends query('explore.get-hub-model.v1', z.object({ repo }), HubModelDetails) {}

/** As `GetCard`, for any repository of the hub. */
export class GetHubCard extends query('explore.get-hub-card.v1', z.object({ repo }), CardView) {}

/** As `LocatePicture`, for any repository of the hub. */
export class LocateHubPicture extends query(
  'explore.locate-hub-picture.v1',
  z.object({ repo, pictureId: Digest }),
  PlacedPicture,
) {}
