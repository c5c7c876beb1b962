import { DomainError } from '@app/kernel';
import type { z } from 'zod';

/** What a value looks like after it crossed a wire; what JSON cannot carry at all (a cycle, a BigInt) is refused. */
export function overTheWire<T>(value: T): T {
  const json = encode(value);
  return json === undefined ? (undefined as T) : (JSON.parse(json) as T);
}

export function encode(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw new DomainError('internal', 'platform.not-json', 'A message holds what JSON cannot carry.', undefined, {
      cause,
    });
  }
}

/** The value as its shape says, or `platform.invalid-message` with every problem in `details.issues`. */
export function parseData<S extends z.ZodType>(schema: S, type: string, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new DomainError('invalid', 'platform.invalid-message', `The data of ${type} does not have its shape.`, {
    type,
    issues: issuesOf(parsed.error),
  });
}

/** A reply that breaks its own contract is the handler's fault, not the caller's. */
export function checkResult(schema: z.ZodType, type: string, value: unknown): void {
  const parsed = schema.safeParse(value);
  if (parsed.success) return;
  const issues = issuesOf(parsed.error);
  throw new DomainError('internal', 'platform.invalid-result', `The reply to ${type} does not have its shape.`, {
    type,
    issues,
  });
}

const issuesOf = (error: z.ZodError) =>
  error.issues.map(({ path, code, message }) => ({ path: path.map(String).join('.'), code, message }));
