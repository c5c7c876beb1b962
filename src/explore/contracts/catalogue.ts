import { command, event, query } from '@app/messaging';
import { z } from 'zod';
import { FitView } from './fit.js';
import { Digest, InstallView } from './views.js';

export const EntryId = z.string().min(1).max(300);
const bytes = z.int().min(0);
const facetValue = z.string().trim().min(1).max(80);

export const EntryKind = z.enum(['model', 'adapter']);

/** Where an entry comes from: shipped with Parley, added from a hub, an adapter of this server, or a file of its folders. */
export const EntryOrigin = z.enum(['built-in', 'hub', 'adapter', 'local']);

export const EntryView = z
  .object({
    id: z.string(),
    kind: EntryKind,
    origin: EntryOrigin,
    name: z.string(),
    publisher: z.string().nullable(),
    description: z.string(),
    license: z.string().nullable().describe('SPDX identifier, or the name that the publisher gives it'),
    parameters: z.number().nullable().describe('Count of weights'),
    quantization: z.string().nullable().describe('null: several files, to be chosen from'),
    contextLength: z.number().nullable().describe('Tokens'),
    sizeBytes: z.number().nullable(),
    digest: Digest.nullable(),
    baseModel: z.string().nullable(),
    baseDigest: Digest.nullable(),
    languages: z.array(z.string()),
    capabilities: z.array(z.string()),
    encodings: z.array(z.string()),
    sources: z.array(z.string()),
    repo: z.string().nullable().describe('On the hub, `<owner>/<name>`'),
    installable: z.boolean().describe('One file that can be installed as it is; else one is chosen on the hub'),
    rating: z.object({ average: z.number().nullable().describe('1 to 5'), count: z.int(), mine: z.int().nullable() }),
    uses: z.int().describe('Installs and answers on this server'),
    default: z.boolean().describe('The model that this server installs by itself'),
    installedAs: z.string().nullable().describe('Id of the installed model'),
    install: InstallView.nullable().describe('The latest install of this entry'),
    fit: FitView.nullable().describe(
      'Whether it fits the machine that would answer: of its file, or of the usual quantization where none is chosen; ' +
        'null of an adapter, and where nothing is known of it',
    ),
    addedAt: z.iso.datetime(),
  })
  .meta({ id: 'EntryView' });
export type EntryView = z.infer<typeof EntryView>;

const FacetCounts = z.array(z.object({ value: z.string(), count: z.int() }));
export const facetNames = ['kind', 'license', 'language', 'capability', 'encoding', 'quantization', 'source'] as const;

export const EntryPage = z
  .object({
    items: z.array(EntryView),
    nextCursor: z.string().nullable(),
    total: z.int().describe('Matches; 1000 stands for a thousand or more'),
    facets: z
      .object(
        Object.fromEntries(facetNames.map((name) => [name, FacetCounts])) as Record<
          (typeof facetNames)[number],
          typeof FacetCounts
        >,
      )
      .nullable()
      .describe('Counted over at most 1000 matches, most frequent first; null on the pages after the first'),
    corrected: z
      .array(z.object({ typed: z.string(), meant: z.array(z.string()) }))
      .describe('Words that no entry has, with those that were looked for instead'),
  })
  .meta({ id: 'EntryPage' });

/**
 * Models and adapters that match all of what is asked, for a caller who may see them. Words match as beginnings and
 * forgive slips. Throws `explore.bad-cursor` for a cursor of another search, and `explore.no-machine` where it is asked what
 * fits the server while no service that runs models can be asked what it has.
 */
export class SearchCatalogue extends query(
  'explore.search-catalogue.v1',
  z.object({
    q: z.string().trim().max(200).default(''),
    kind: EntryKind.optional(),
    license: facetValue.optional(),
    language: facetValue.optional(),
    capability: facetValue.optional(),
    encoding: facetValue.optional(),
    quantization: facetValue.optional(),
    source: facetValue.optional(),
    installed: z.boolean().optional(),
    fits: z
      .enum(['server', 'browser'])
      .optional()
      .describe('Only models that can run there (tight included), by their header or the estimate'),
    browserMemory: bytes.optional().describe('What a browser has for a model (bytes); a page has 4 GiB at most'),
    browserStorage: bytes.optional().describe('What a browser grants for files (bytes); one has 2 GiB at most'),
    sort: z.enum(['relevance', 'uses', 'rating', 'newest', 'name', 'size']).default('relevance'),
    cursor: z.string().max(600).optional(),
    limit: z.int().min(1).max(60).default(24),
  }),
  EntryPage,
) {}

/** Throws `explore.unknown-catalogue-entry`. */
export class GetEntry extends query('explore.get-entry.v1', z.object({ entryId: EntryId }), EntryView) {}

/** One rating a person; null takes it back. Throws `explore.unknown-catalogue-entry`. */
export class RateEntry extends command(
  'explore.rate-entry.v1',
  z.object({ entryId: EntryId, stars: z.int().min(1).max(5).nullable() }),
  EntryView,
) {}

export class EntryRated extends event(
  'explore.entry.rated.v1',
  z.object({ entryId: EntryId, userId: z.uuid(), stars: z.int().nullable() }),
) {}
