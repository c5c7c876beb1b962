import { Injectable } from '@nestjs/common';
import { Database } from '@app/persistence';
import type { AnswerError, AnswerMetadata, FinalStatus, GenerationPhase, Sampler } from '../contracts/index.js';

/** Which answer it is; a completion of `/v1` belongs to no conversation. */
export interface GenerationKey {
  generationId: string;
  conversationId: string | null;
  messageId: string | null;
}

/** A generation that this worker holds, until another one takes it with a higher epoch. */
export interface Claim {
  epoch: number;
  sampler: Sampler;
  /** Null when no worker has found it yet. */
  model: string | null;
  modelDigest: string | null;
  /** `<digest>@<scale>` of each, with blanks between; empty for none. */
  adapters: string;
  stopRequested: boolean;
  createdAt: Date;
  firstTokenAt: Date | null;
}

export interface GenerationState {
  status: 'queued' | 'running' | FinalStatus;
  phase: GenerationPhase | null;
  position: number;
  lastSequence: number | null;
  error: AnswerError | null;
  metadata: AnswerMetadata | null;
}

/** What a continuation on another worker must find again. */
export interface ModelNote {
  id: string;
  digest: string | null;
}

interface ClaimRow {
  epoch: number;
  sampler: Sampler;
  model: string | null;
  model_digest: string | null;
  adapters: string;
  stop_requested: boolean;
  created_at: Date;
  first_token_at: Date | null;
}

/** The table of generations. */
@Injectable()
export class Generations {
  constructor(private readonly db: Database) {}

  /** Notes that an answer waits, so that its reader can be told its place. */
  async enqueue({ generationId, conversationId, messageId }: GenerationKey): Promise<void> {
    await this.db.query(
      `INSERT INTO inference.generations (id, conversation_id, message_id, status)
       VALUES ($1, $2, $3, 'queued') ON CONFLICT (id) DO NOTHING`,
      [generationId, conversationId, messageId],
    );
  }

  /**
   * Takes the generation for this worker; null if it is final already. The first sampler and the first model stay; the
   * first worker notes its model here already, if it knows it.
   */
  async claim(key: GenerationKey, sampler: Sampler, model: ModelNote | null): Promise<Claim | null> {
    const [row] = await this.db.query<ClaimRow>(
      `INSERT INTO inference.generations AS g (id, conversation_id, message_id, status, epoch, sampler, model, model_digest)
       VALUES ($1, $2, $3, 'running', 1, $4, $5, $6)
       ON CONFLICT (id) DO UPDATE
         SET status = 'running', epoch = g.epoch + 1, sampler = coalesce(g.sampler, excluded.sampler),
             model = CASE WHEN g.epoch = 0 THEN excluded.model ELSE g.model END,
             model_digest = CASE WHEN g.epoch = 0 THEN excluded.model_digest ELSE g.model_digest END
         WHERE g.status IN ('queued', 'running')
       RETURNING epoch, sampler, model, model_digest, adapters, stop_requested, created_at, first_token_at`,
      [
        key.generationId,
        key.conversationId,
        key.messageId,
        JSON.stringify(sampler),
        model?.id ?? null,
        model?.digest ?? null,
      ],
    );
    return (
      (row && {
        epoch: row.epoch,
        sampler: row.sampler,
        model: row.model,
        modelDigest: row.model_digest,
        adapters: row.adapters,
        stopRequested: row.stop_requested,
        createdAt: row.created_at,
        firstTokenAt: row.first_token_at,
      }) ??
      null
    );
  }

  async isHeldBy(generationId: string, epoch: number): Promise<boolean> {
    const rows = await this.db.query(
      `SELECT 1 FROM inference.generations WHERE id = $1 AND epoch = $2 AND status = 'running'`,
      [generationId, epoch],
    );
    return rows.length > 0;
  }

  async rememberModel(generationId: string, { id, digest, adapters }: ModelNote & { adapters: string }): Promise<void> {
    await this.db.query(`UPDATE inference.generations SET model = $2, model_digest = $3, adapters = $4 WHERE id = $1`, [
      generationId,
      id,
      digest,
      adapters,
    ]);
  }

  async showPhase(generationId: string, phase: GenerationPhase): Promise<void> {
    await this.db.query(`UPDATE inference.generations SET phase = $2 WHERE id = $1 AND status = 'running'`, [
      generationId,
      JSON.stringify(phase),
    ]);
  }

  /** Asks whoever runs it to stop; says what state it was in. */
  async requestStop({ generationId, conversationId, messageId }: GenerationKey): Promise<GenerationState['status']> {
    const [row] = await this.db.query<{ status: GenerationState['status'] }>(
      `INSERT INTO inference.generations AS g (id, conversation_id, message_id, status, stop_requested)
       VALUES ($1, $2, $3, 'queued', true)
       ON CONFLICT (id) DO UPDATE SET stop_requested = true RETURNING status`,
      [generationId, conversationId, messageId],
    );
    return row!.status;
  }

  /** Makes it final; false if it is so already or another worker holds it. `epoch` null: it only waited. */
  async finish(
    generationId: string,
    epoch: number | null,
    end: {
      status: FinalStatus;
      lastSequence: number;
      error: AnswerError | null;
      metadata: AnswerMetadata | null;
      firstTokenAt: Date | null;
    },
  ): Promise<boolean> {
    const rows = await this.db.query(
      `UPDATE inference.generations
       SET status = $3, last_sequence = $4, error = $5, metadata = $6, first_token_at = $7, finished_at = now(),
           phase = NULL
       WHERE id = $1 AND (($2::int IS NULL AND status = 'queued') OR (epoch = $2 AND status = 'running'))
       RETURNING id`,
      [
        generationId,
        epoch,
        end.status,
        end.lastSequence,
        end.error && JSON.stringify(end.error),
        end.metadata && JSON.stringify(end.metadata),
        end.firstTokenAt,
      ],
    );
    return rows.length > 0;
  }

  async state(generationId: string): Promise<GenerationState | null> {
    const [row] = await this.db.query<{
      status: GenerationState['status'];
      phase: GenerationPhase | null;
      position: number;
      last_sequence: number | null;
      error: AnswerError | null;
      metadata: AnswerMetadata | null;
    }>(
      `SELECT g.status, g.phase, g.last_sequence, g.error, g.metadata,
              CASE WHEN g.status = 'queued' THEN (
                SELECT count(*) FROM inference.generations w
                WHERE w.status = 'queued' AND (w.created_at, w.id) < (g.created_at, g.id))::int
              ELSE 0 END AS position
       FROM inference.generations g WHERE g.id = $1`,
      [generationId],
    );
    if (!row) return null;
    const { last_sequence: lastSequence, ...rest } = row;
    return { ...rest, lastSequence };
  }

  async forget(generationIds: string[]): Promise<void> {
    await this.db.query(
      `WITH chunks AS (DELETE FROM inference.generation_chunks WHERE generation_id = ANY($1)),
            logs AS (DELETE FROM inference.compacted_logs WHERE generation_id = ANY($1))
       DELETE FROM inference.generations WHERE id = ANY($1)`,
      [generationIds],
    );
  }
}
