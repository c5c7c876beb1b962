import { Injectable } from '@nestjs/common';
import type { GgufInfo } from '@app/gguf';
import { Database } from '@app/persistence';
import { z } from 'zod';

const count = z.int().min(0);
const Header = z.object({
  architecture: z.string(),
  name: z.string().nullable(),
  license: z.string().nullable(),
  contextLength: count,
  parameters: count,
  quantization: z.string(),
  hasChatTemplate: z.boolean(),
  fileBytes: count,
  tensorBytes: count,
  vocabularySize: count,
  embeddingLength: count,
  layers: count,
  cacheBytesPerToken: count,
}) satisfies z.ZodType<GgufInfo>;

/** A header, or why there is none. */
export type HeaderRead = { header: GgufInfo; problem: null } | { header: null; problem: string };

/** Headers that were read under a digest, and why one cannot be. */
@Injectable()
export class KeptHeaders {
  constructor(private readonly db: Database) {}

  /** Those that were read before, by digest. */
  async of(digests: readonly string[]): Promise<Map<string, HeaderRead>> {
    const rows = await this.db.query<{ digest: string; header: unknown; problem: string | null }>(
      `SELECT digest, header, problem FROM explore.file_headers WHERE digest = ANY ($1::text[])
         AND (problem IS NULL OR read_at > now() - interval '10 minutes')`,
      [digests],
    );
    return new Map(
      rows.flatMap(({ digest, header, problem }): [string, HeaderRead][] => {
        if (problem !== null) return [[digest, { header: null, problem }]];
        const parsed = Header.safeParse(header);
        return parsed.success ? [[digest, { header: parsed.data, problem: null }]] : [];
      }),
    );
  }

  async keep(digest: string, read: HeaderRead): Promise<void> {
    await this.db.query(
      `INSERT INTO explore.file_headers (digest, header, problem, read_at) VALUES ($1, $2::jsonb, $3, now())
       ON CONFLICT (digest) DO UPDATE SET header = excluded.header, problem = excluded.problem, read_at = now()`,
      [digest, read.header && JSON.stringify(read.header), read.problem],
    );
  }
}
