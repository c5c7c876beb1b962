import { Injectable } from '@nestjs/common';

/** Rejects (or takes too long) when the part that it looks at cannot do its work. */
export type HealthCheck = () => Promise<unknown>;

/** `degraded`: a part that the process can do without, slower or with less, is down. */
export type HealthState = 'up' | 'degraded' | 'down';

const LIMIT_MS = 3000;

/** What must work for this process to take requests. Parts add their own check when they start. */
@Injectable()
export class HealthChecks {
  private readonly checks = new Map<string, { check: HealthCheck; required: boolean }>();

  /** @param options.required false: what fails is shown as `degraded`, and the process stays ready. Default true. */
  add(name: string, check: HealthCheck, { required = true }: { required?: boolean } = {}): void {
    this.checks.set(name, { check, required });
  }

  /** Runs all at once. */
  async run(): Promise<{ ready: boolean; checks: Record<string, HealthState> }> {
    const results = await Promise.all(
      [...this.checks].map(async ([name, { check, required }]): Promise<[string, HealthState]> => {
        if (await works(check)) return [name, 'up'];
        return [name, required ? 'down' : 'degraded'];
      }),
    );
    return { ready: results.every(([, state]) => state !== 'down'), checks: Object.fromEntries(results) };
  }
}

async function works(check: HealthCheck): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), LIMIT_MS);
  try {
    return await Promise.race([check().then(() => true), late]);
  } catch {
    return false; // The answer to the question; the part itself logs what is wrong with it.
  } finally {
    clearTimeout(timer);
  }
}
