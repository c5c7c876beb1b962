import { Injectable } from '@nestjs/common';

/** Rejects (or takes too long) when the part that it looks at cannot do its work. */
export type HealthCheck = () => Promise<unknown>;

const LIMIT_MS = 3000;

/** What must work for this process to take requests. Parts add their own check when they start. */
@Injectable()
export class HealthChecks {
  private readonly checks = new Map<string, HealthCheck>();

  add(name: string, check: HealthCheck): void {
    this.checks.set(name, check);
  }

  /** Runs all at once. */
  async run(): Promise<{ ready: boolean; checks: Record<string, 'up' | 'down'> }> {
    const results = await Promise.all(
      [...this.checks].map(async ([name, check]) => [name, (await works(check)) ? 'up' : 'down'] as const),
    );
    return { ready: results.every(([, state]) => state === 'up'), checks: Object.fromEntries(results) };
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
