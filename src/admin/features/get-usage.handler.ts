import { type DataOf, Handles } from '@app/messaging';
import { Database } from '@app/persistence';
import { GetUsage, type UsageView } from '../contracts/index.js';
import { ABOVE, BOUNDS, type Bucket, percentile } from '../usage/buckets.js';

const DAY_MS = 86_400_000;
const MOST_USERS = 50;

const SUMS = `
  coalesce(sum(complete + stopped + failed), 0)::int AS answers, coalesce(sum(failed), 0)::int AS failed,
  coalesce(sum(stopped), 0)::int AS stopped, coalesce(sum(prompt_tokens), 0)::float8 AS "promptTokens",
  coalesce(sum(completion_tokens), 0)::float8 AS "completionTokens"`;

type Counts = UsageView['total'];
const nothing: Counts = { answers: 0, failed: 0, stopped: 0, promptTokens: 0, completionTokens: 0 };

@Handles(GetUsage)
export class GetUsageHandler {
  constructor(private readonly db: Database) {}

  async handle({ days }: DataOf<GetUsage>): Promise<UsageView> {
    const now = Date.now();
    const names = Array.from({ length: days }, (_, back) => isoDay(now - (days - 1 - back) * DAY_MS));
    const from = names[0]!;
    const [total] = await this.db.query<Counts>(`SELECT ${SUMS} FROM admin.answers WHERE day >= $1::date`, [from]);
    const [byDay, happenings] = [await this.byDay(from), await this.happenings(from)];
    const latencies = await this.latencies(from);
    const models = await this.db.query<Counts & { model: string }>(
      `SELECT model, ${SUMS} FROM admin.answers WHERE day >= $1::date GROUP BY model ORDER BY answers DESC, model`,
      [from],
    );
    const users = await this.db.query<Counts & { userId: string }>(
      `SELECT user_id AS "userId", ${SUMS} FROM admin.answers WHERE day >= $1::date
       GROUP BY user_id ORDER BY sum(completion_tokens) DESC, user_id LIMIT ${MOST_USERS}`,
      [from],
    );
    return {
      from,
      to: names.at(-1)!,
      total: total ?? nothing,
      days: names.map((day) => ({
        day,
        ...(byDay.get(day) ?? nothing),
        signIns: happenings.get(`${day} sign-in`) ?? 0,
        signUps: happenings.get(`${day} sign-up`) ?? 0,
        installs: happenings.get(`${day} install`) ?? 0,
        failedInstalls: happenings.get(`${day} failed-install`) ?? 0,
      })),
      models: models.map((row) => ({
        ...row,
        timeToFirstToken: percentiles(latencies.filter(({ model }) => model === row.model)),
      })),
      users,
      timeToFirstToken: { ...percentiles(latencies), histogram: histogramOf(latencies) },
    };
  }

  private async byDay(from: string): Promise<Map<string, Counts>> {
    const rows = await this.db.query<Counts & { day: string }>(
      `SELECT day::text AS day, ${SUMS} FROM admin.answers WHERE day >= $1::date GROUP BY day`,
      [from],
    );
    return new Map(rows.map(({ day, ...counts }) => [day, counts]));
  }

  private async happenings(from: string): Promise<Map<string, number>> {
    const rows = await this.db.query<{ key: string; count: number }>(
      `SELECT day::text || ' ' || kind AS key, count FROM admin.happenings WHERE day >= $1::date`,
      [from],
    );
    return new Map(rows.map(({ key, count }) => [key, count]));
  }

  private latencies(from: string): Promise<(Bucket & { model: string })[]> {
    return this.db.query(
      `SELECT model, below_ms AS "belowMs", sum(answers)::int AS answers
       FROM admin.latencies WHERE day >= $1::date GROUP BY model, below_ms`,
      [from],
    );
  }
}

const isoDay = (at: number) => new Date(at).toISOString().slice(0, 10);

const percentiles = (buckets: readonly Bucket[]) => ({
  p50: percentile(buckets, 0.5),
  p90: percentile(buckets, 0.9),
  p99: percentile(buckets, 0.99),
  answers: buckets.reduce((sum, { answers }) => sum + answers, 0),
});

const histogramOf = (buckets: readonly Bucket[]) =>
  [...BOUNDS, ABOVE].map((bound) => ({
    belowMs: bound === ABOVE ? null : bound,
    answers: buckets.filter(({ belowMs }) => belowMs === bound).reduce((sum, { answers }) => sum + answers, 0),
  }));
