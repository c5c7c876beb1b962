import { Injectable } from '@nestjs/common';
import { DomainError, newId } from '@app/kernel';
import { Database } from '@app/persistence';
import type { TaskKind, TaskParams, TaskStatus, TaskView } from '../contracts/index.js';

export interface TaskProgress {
  done: number;
  total: number | null;
  note: string | null;
}

export interface TaskEnd {
  status: Extract<TaskStatus, 'done' | 'failed' | 'cancelled'>;
  result?: Record<string, unknown>;
  error?: { code: string; message: string };
}

type Row = Omit<TaskView, 'createdAt' | 'startedAt' | 'finishedAt'> & {
  created_at: Date;
  started_at: Date | null;
  finished_at: Date | null;
};

const COLUMNS = `id, kind, params, status, done::float8 AS done, total::float8 AS total, note, result, error,
  cancel_requested AS "cancelRequested", attempts, requested_by AS "requestedBy", created_at, started_at, finished_at`;

/** The table of background tasks. */
@Injectable()
export class Tasks {
  constructor(private readonly db: Database) {}

  async create(kind: TaskKind, params: TaskParams, requestedBy: string): Promise<TaskView> {
    const rows = await this.db.query<Row>(
      `INSERT INTO admin.tasks (id, kind, params, status, requested_by, created_at)
       VALUES ($1, $2, $3::jsonb, 'queued', $4, clock_timestamp()) RETURNING ${COLUMNS}`,
      [newId(), kind, JSON.stringify(params), requestedBy],
    );
    return view(rows[0]!);
  }

  /** @throws DomainError not-found `admin.task-not-found` */
  async get(id: string): Promise<TaskView> {
    const [row] = await this.db.query<Row>(`SELECT ${COLUMNS} FROM admin.tasks WHERE id = $1`, [id]);
    if (row) return view(row);
    throw new DomainError('not-found', 'admin.task-not-found', 'There is no such task.', { taskId: id });
  }

  async list(limit: number): Promise<TaskView[]> {
    const rows = await this.db.query<Row>(
      `SELECT ${COLUMNS} FROM admin.tasks ORDER BY created_at DESC, id DESC LIMIT $1`,
      [limit],
    );
    return rows.map(view);
  }

  /** Running from now on, for the first time or again; null when it is over. */
  async begin(id: string): Promise<TaskView | null> {
    const [row] = await this.db.query<Row>(
      `UPDATE admin.tasks SET status = 'running', attempts = attempts + 1, done = 0, total = NULL, note = NULL,
              started_at = coalesce(started_at, clock_timestamp())
       WHERE id = $1 AND status IN ('queued', 'running') RETURNING ${COLUMNS}`,
      [id],
    );
    return row ? view(row) : null;
  }

  /** @returns whether somebody wants it to stop */
  async progress(id: string, { done, total, note }: TaskProgress): Promise<boolean> {
    const [row] = await this.db.query<{ stop: boolean }>(
      `UPDATE admin.tasks SET done = $2, total = $3, note = $4 WHERE id = $1 AND status = 'running'
       RETURNING cancel_requested AS stop`,
      [id, done, total, note],
    );
    return row?.stop ?? true;
  }

  /** @returns false when it was over already */
  async finish(id: string, { status, result, error }: TaskEnd): Promise<boolean> {
    const rows = await this.db.query(
      `UPDATE admin.tasks SET status = $2, result = $3::jsonb, error = $4::jsonb, finished_at = clock_timestamp()
       WHERE id = $1 AND status IN ('queued', 'running') RETURNING id`,
      [id, status, result ? JSON.stringify(result) : null, error ? JSON.stringify(error) : null],
    );
    return rows.length > 0;
  }

  /** Notes the wish, unless the task is over. @returns whether it was not */
  async requestCancel(id: string): Promise<boolean> {
    const rows = await this.db.query(
      `UPDATE admin.tasks SET cancel_requested = true
       WHERE id = $1 AND status IN ('queued', 'running') AND NOT cancel_requested RETURNING id`,
      [id],
    );
    return rows.length > 0;
  }
}

const view = ({ created_at, started_at, finished_at, ...row }: Row): TaskView => ({
  ...row,
  createdAt: created_at.toISOString(),
  startedAt: started_at?.toISOString() ?? null,
  finishedAt: finished_at?.toISOString() ?? null,
});

export const isOver = (status: TaskStatus): boolean => status !== 'queued' && status !== 'running';
