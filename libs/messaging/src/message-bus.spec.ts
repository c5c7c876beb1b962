import { Module, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { DomainError } from '@app/kernel';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import {
  command,
  type DataOf,
  event,
  Handles,
  MessageBus,
  type MessageContext,
  messageContext,
  MessagingModule,
  OnEvent,
  query,
  requireActor,
  runAs,
  streamQuery,
} from './index.js';

class Rename extends command('t.rename.v1', z.object({ name: z.string().min(1) }), z.object({ by: z.string() })) {}
class Break extends command('t.break.v1', z.object({})) {}
class Count extends query('t.count.v1', z.object({}), z.object({ count: z.number() })) {}
class Wait extends query('t.wait.v1', z.object({}), z.object({})) {}
class Ticks extends streamQuery('t.ticks.v1', z.object({ to: z.number() }), z.object({ tick: z.number() })) {}
class Renamed extends event('t.thing.renamed.v1', z.object({ name: z.string() })) {}
class Absent extends query('elsewhere.absent.v1', z.object({}), z.object({})) {}

const seen: { data: unknown; context: MessageContext }[] = [];
let waiting: MessageContext | undefined;
let ticking: AbortSignal | undefined;
let produced = 0;

@Handles(Rename)
class RenameHandler {
  constructor(private readonly bus: MessageBus) {}
  async handle({ name }: DataOf<Rename>, context: MessageContext) {
    await this.bus.publish(new Renamed({ name }));
    return { by: requireActor(context).userId };
  }
}

@Handles(Break)
class BreakHandler {
  async handle(): Promise<void> {
    throw new Error('the password is 1234');
  }
}

@Handles(Count)
class CountHandler {
  async handle() {
    return { count: 'many' as unknown as number };
  }
}

@Handles(Wait)
class WaitHandler {
  async handle(_: DataOf<Wait>, context: MessageContext) {
    waiting = context;
    return new Promise<never>(() => undefined);
  }
}

@Handles(Ticks)
class TicksHandler {
  async *handle({ to }: DataOf<Ticks>, { signal }: MessageContext) {
    ticking = signal;
    for (let tick = 1; tick <= to; tick++) {
      produced = tick;
      expect(messageContext()?.type).toBe('t.ticks.v1');
      yield { tick };
    }
  }
}

@OnEvent(Renamed, { queue: 't.note-on-renamed' })
class NoteOnRenamedHandler {
  async handle(data: DataOf<Renamed>, context: MessageContext) {
    seen.push({ data, context });
  }
}

const handlers = [RenameHandler, BreakHandler, CountHandler, WaitHandler, TicksHandler, NoteOnRenamedHandler];
const logged = vi.fn();
const logger = { log: vi.fn(), error: logged, warn: vi.fn() };
const actor = { userId: 'ann', role: 'user' as const };

async function start(providers: Type[] = handlers) {
  @Module({ imports: [MessagingModule.inMemory({ service: 'test' })], providers })
  class App {}
  const app = await Test.createTestingModule({ imports: [App] })
    .setLogger(logger)
    .compile();
  await app.init();
  return { app, bus: app.get(MessageBus) };
}

describe('the message bus', () => {
  let closing: (() => Promise<void>) | undefined;
  const open = async () => {
    const { app, bus } = await start();
    closing = () => app.close();
    return bus;
  };
  beforeEach(() => logged.mockReset());
  afterEach(async () => closing?.());

  it('gives a command to its handler, and its reply back', async () => {
    const bus = await open();
    expect(await runAs({ actor }, () => bus.execute(new Rename({ name: 'a' })))).toEqual({ by: 'ann' });
  });

  it('refuses data of the wrong shape, naming each problem', async () => {
    const bus = await open();
    await expect(bus.execute(new Rename({ name: '' }))).rejects.toMatchObject({
      kind: 'invalid',
      code: 'platform.invalid-message',
      details: { type: 't.rename.v1', issues: [expect.objectContaining({ path: 'name' })] },
    });
    await expect(bus.publish(new Renamed({ name: 1 as unknown as string }))).rejects.toMatchObject({ kind: 'invalid' });
  });

  it('refuses a reply of the wrong shape', async () => {
    const bus = await open();
    await expect(bus.query(new Count({}))).rejects.toMatchObject({ kind: 'internal', code: 'platform.invalid-result' });
  });

  it('logs an unexpected error once and tells the caller nothing of it', async () => {
    const bus = await open();
    const error = await bus.execute(new Break({})).catch((caught: unknown) => caught as DomainError);
    expect(error).toBeInstanceOf(DomainError);
    expect(JSON.stringify(error)).not.toContain('1234');
    expect(logged).toHaveBeenCalledOnce();
    expect(logged.mock.lastCall?.[0]).toMatchObject({ type: 't.break.v1', code: 'platform.internal' });
  });

  it('fails at once when nobody serves the type', async () => {
    const bus = await open();
    await expect(bus.query(new Absent({}))).rejects.toMatchObject({ kind: 'unavailable', code: 'platform.no-handler' });
  });

  it('ends a call at its deadline and tells the handler', async () => {
    const bus = await open();
    await expect(bus.query(new Wait({}), { timeoutMs: 5 })).rejects.toMatchObject({ code: 'platform.timeout' });
    expect(waiting?.signal.reason).toMatchObject({ kind: 'timeout' });
  });

  it('ends a call whose caller left', async () => {
    const bus = await open();
    const caller = new AbortController();
    const call = bus.query(new Wait({}), { signal: caller.signal });
    caller.abort();
    await expect(call).rejects.toMatchObject({ kind: 'cancelled' });
  });

  it('hands actor and correlation on to what a handler publishes', async () => {
    const bus = await open();
    seen.length = 0;
    await runAs({ actor, correlationid: 'request-1' }, () => bus.execute(new Rename({ name: 'b' })));
    await expect.poll(() => seen.length).toBe(1);
    const { data, context } = seen[0]!;
    expect(data).toEqual({ name: 'b' });
    expect(context).toMatchObject({
      actor,
      correlationid: 'request-1',
      type: 't.thing.renamed.v1',
      deliveryAttempt: 1,
    });
    expect(context.causationid).not.toBe('request-1');
  });

  it('streams items in order, and stops the producer when the reader leaves', async () => {
    const bus = await open();
    const got: number[] = [];
    for await (const { tick } of bus.stream(new Ticks({ to: 1000 }))) {
      got.push(tick);
      if (tick === 3) break;
    }
    expect(got).toEqual([1, 2, 3]);
    expect(produced).toBe(3);
    expect(ticking?.aborted).toBe(true);
  });

  it('refuses a message sent as another kind', async () => {
    const bus = await open();
    await expect(bus.query(new Rename({ name: 'a' }) as never)).rejects.toMatchObject({ code: 'platform.wrong-kind' });
  });

  it('stops the boot when two handlers serve one type', async () => {
    @Handles(Count)
    class AnotherCountHandler {
      async handle() {
        return { count: 1 };
      }
    }
    await expect(start([CountHandler, AnotherCountHandler])).rejects.toThrow(
      'Two handlers for t.count.v1: CountHandler and AnotherCountHandler.',
    );
  });
});

describe('a requirement of an actor', () => {
  it('is refused outside any context', () => {
    expect(() => requireActor()).toThrow(expect.objectContaining({ kind: 'unauthenticated' }) as Error);
  });
});
