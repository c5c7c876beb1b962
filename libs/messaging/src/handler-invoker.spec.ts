import { DomainError } from '@app/kernel';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { runAs, messageContext } from './context.js';
import { HandlerInvoker } from './handler-invoker.js';
import type { RegisteredHandler } from './handler-registry.js';
import { MemoryInbox } from './memory.inbox.js';
import { command } from './message.js';

class Start extends command('t.start.v1', z.object({}), z.object({ tries: z.number() })) {}

const changed = () => new DomainError('conflict', 'platform.stream-changed', 'Somebody was first.');

/** How often the handler ran, and what came of it, when it fails so often. */
async function answer({
  fails,
  error = changed,
  nested = false,
}: {
  fails: number;
  error?: () => Error;
  nested?: boolean;
}) {
  let tries = 0;
  const handle = async () => {
    if (++tries <= fails) throw error();
    return { tries };
  };
  const handler = { message: Start, handle, transaction: true } as unknown as RegisteredHandler;
  const unit = { inTransaction: nested, transaction: <T>(work: () => Promise<T>) => work() };
  const invoker = new HandlerInvoker(unit, new MemoryInbox());
  const result = await runAs({}, () => invoker.answer(handler, {}, messageContext()!)).catch(
    (failure: DomainError) => failure.code,
  );
  return { result, tries };
}

describe('a command whose stream was changed by another writer meanwhile', () => {
  it('is done again on what is there by then', async () => {
    expect(await answer({ fails: 2 })).toEqual({ result: { tries: 3 }, tries: 3 });
  });

  it('ends in a conflict when others are always first', async () => {
    expect(await answer({ fails: 100 })).toEqual({ result: 'platform.stream-changed', tries: 5 });
  });

  it('is left to the unit of work around it', async () => {
    expect(await answer({ fails: 1, nested: true })).toEqual({ result: 'platform.stream-changed', tries: 1 });
  });

  it('is not done again for any other failure', async () => {
    const error = () => new DomainError('conflict', 't.taken', 'Taken.');
    expect(await answer({ fails: 1, error })).toEqual({ result: 't.taken', tries: 1 });
  });
});
