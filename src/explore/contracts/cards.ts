import { query } from '@app/messaging';
import { z } from 'zod';
import { GetEntry } from './catalogue.js';
import { Digest } from './views.js';

const entryId = GetEntry.schema.shape.entryId;

/** What the publisher wrote about a model. A stranger's text: whoever shows it sanitises it. */
export const CardView = z
  .object({
    markdown: z.string().describe('Without front matter; may hold HTML'),
    source: z.url().describe('The page that it is from'),
    fetchedAt: z.iso.datetime(),
    stale: z.boolean().describe('The hub could not be asked anew: this is what it said before'),
    truncated: z.boolean().describe('The rest was too long'),
    pictures: z
      .array(
        z.object({
          src: z.string().describe('As the text has it'),
          url: z.string().describe('Path at this server, asked for like the rest of the API'),
        }),
      )
      .describe('Pictures that can be had through this server; others are not to be shown'),
  })
  .meta({ id: 'CardView' });
export type CardView = z.infer<typeof CardView>;

/** Where a picture of a card lies. */
export const PlacedPicture = z.object({
  key: z.string().describe('In the storage'),
  type: z.enum(['image/png', 'image/jpeg', 'image/webp', 'image/gif']),
  sizeBytes: z.number(),
  digest: Digest,
});
export type PlacedPicture = z.infer<typeof PlacedPicture>;

/**
 * The card of an entry. Throws `explore.unknown-catalogue-entry`, `explore.no-card`, and while there is none from before
 * `explore.hub-off`, `explore.gated`, `explore.rate-limited`, `explore.source-unavailable`.
 */
export class GetCard extends query('explore.get-card.v1', z.object({ entryId }), CardView) {}

/**
 * Brings a picture that the card of the entry names, once. Throws as GetCard, and `explore.no-picture`,
 * `explore.not-a-picture` (told by content: PNG, JPEG, WebP and GIF alone).
 */
export class LocatePicture extends query(
  'explore.locate-picture.v1',
  z.object({ entryId, pictureId: Digest.describe('SHA-256 of its address') }),
  PlacedPicture,
) {}
