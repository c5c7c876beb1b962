import { type DataOf, Handles } from '@app/messaging';
import { Database } from '@app/persistence';
import { GetUsage, UsageSource, type UsageView } from '../contracts/index.js';
import { ABOVE, BOUNDS, type Bucket, percentile } from '../usage/buckets.js';

const DAY_MS = 86_400_000;
const MOST_USERS = 50;

const SUMS = `
  coalesce(sum(complete + stopped + failed), 0)::int AS answers, coalesce(sum(failed), 0)::int AS failed,
  coalesce(sum(stopped), 0)::int AS stopped, coalesce(sum(prompt_tokens), 0)::float8 AS "promptTokens",
  coalesce(sum(completion_tokens), 0)::float8 AS "completionTokens"`;

type Counts = UsageView['total'];
type Wait = Bucket & { source: UsageSource; model: string };
const nothing: Counts = { answers: 0, failed: 0, stopped: 0, promptTokens: 0, completionTokens: 0 };

@Handles(GetUsage)
export class GetUsageHandler {
  constructor(private readonly db: Database) {}

  async handle({ days, source: only }: DataOf<GetUsage>): Promise<UsageView> {
    const source = only ?? null;
    const now = Date.now();
    const names = Array.from({ length: days }, (_, back) => isoDay(now - (days - 1 - back) * DAY_MS));
    const from = names[0]!;
    const [total] = await this.answers<Counts>('', from, source);
    const byDay = new Map(
      (await this.answers<Counts & { day: string }>('day::text AS day', from, source, 'GROUP BY day')).map(
        ({ day, ...counts }) => [day, counts],
      ),
    );
    const happenings = await this.happenings(from);
    const everyWait = await this.waits(from);
    const waits = everyWait.filter((wait) => source === null || wait.source === source);
    const sources = await this.answers<Counts & { source: UsageSource }>('source', from, null, 'GROUP BY source');
    const models = await this.answers<Counts & { model: string }>(
      'model',
      from,
      source,
      'GROUP BY model ORDER BY answers DESC, model',
    );
    const users = await this.answers<Counts & { userId: string }>(
      'user_id AS "userId"',
      from,
      source,
      `GROUP BY user_id ORDER BY sum(completion_tokens) DESC, user_id LIMIT ${MOST_USERS}`,
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
      sources: UsageSource.options.map((name) => ({
        ...(sources.find((row) => row.source === name) ?? nothing),
        source: name,
        timeToFirstToken: percentiles(everyWait.filter((wait) => wait.source === name)),
      })),
      models: models.map((row) => ({
        ...row,
        timeToFirstToken: percentiles(waits.filter(({ model }) => model === row.model)),
      })),
      users,
      timeToFirstToken: { ...percentiles(waits), histogram: histogramOf(waits) },
    };
  }

  /** @param by what the sums are told apart by, and `rest` the clauses that do so */
  private answers<T>(by: string, from: string, source: UsageSource | null, rest = ''): Promise<T[]> {
    return this.db.query<T>(
      `SELECT ${by}${by && ','} ${SUMS} FROM admin.usage_answers
       WHERE day >= $1::date AND ($2::text IS NULL OR source = $2) ${rest}`,
      [from, source],
    );
  }

  private async happenings(from: string): Promise<Map<string, number>> {
    const rows = await this.db.query<{ key: string; count: number }>(
      `SELECT day::text || ' ' || kind AS key, count FROM admin.usage_happenings WHERE day >= $1::date`,
      [from],
    );
    return new Map(rows.map(({ key, count }) => [key, count]));
  }

  private waits(from: string): Promise<Wait[]> {
    return this.db.query(
      `SELECT source, model, below_ms AS "belowMs", sum(answers)::int AS answers
       FROM admin.usage_waits WHERE day >= $1::date GROUP BY source, model, below_ms`,
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
