import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { DomainError } from '@app/kernel';
import { type Span, type SpanStart, type TraceContext, type Tracer, useTracer } from '@app/observability';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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
  runAs,
  runBelow,
  streamBelow,
  streamQuery,
  Transport,
} from './index.js';

class Outer extends command('t.outer.v1', z.object({}), z.object({ n: z.number() })) {}
class Inner extends query('t.inner.v1', z.object({}), z.object({ n: z.number() })) {}
class Refuse extends query('t.refuse.v1', z.object({}), z.object({})) {}
class Ticks extends streamQuery('t.ticks.v1', z.object({}), z.object({ n: z.number() })) {}
class Done extends event('t.outer.done.v1', z.object({})) {}
class Away extends query('away.ask.v1', z.object({}), z.object({})) {}
class AwayTicks extends streamQuery('away.ticks.v1', z.object({}), z.object({})) {}

const contexts: Record<string, MessageContext> = {};
let reacted: PromiseWithResolvers<void>;

@Handles(Outer)
class OuterHandler {
  constructor(private readonly bus: MessageBus) {}
  async handle(_: DataOf<Outer>, context: MessageContext) {
    contexts['outer'] = context;
    await this.bus.publish(new Done({}));
    return this.bus.query(new Inner({}));
  }
}

@Handles(Inner)
class InnerHandler {
  async handle(_: DataOf<Inner>, context: MessageContext) {
    contexts['inner'] = context;
    return { n: 1 };
  }
}

@Handles(Refuse)
class RefuseHandler {
  async handle(): Promise<never> {
    throw new DomainError('not-found', 't.no-such', 'No.');
  }
}

@Handles(Ticks)
class TicksHandler {
  async *handle() {
    for (let n = 1; ; n++) {
      contexts['ticks'] = messageContext()!;
      yield { n };
    }
  }
}

@OnEvent(Done, {
  queue: 't.react-on-done',
  transaction: false,
  inbox: false,
  attempts: 2,
  backoff: { baseMs: 1, maxMs: 1 },
})
class ReactHandler {
  async handle(_: DataOf<Done>, context: MessageContext): Promise<void> {
    contexts['react'] = context;
    if (context.deliveryAttempt === 1) throw new DomainError('unavailable', 't.later', 'Later.');
    reacted.resolve();
  }
}

@Module({
  imports: [MessagingModule.inMemory({ service: 't' })],
  providers: [OuterHandler, InnerHandler, RefuseHandler, TicksHandler, ReactHandler],
})
class TestModule {}

/** Keeps what is told to it; numbers spans in the order of their starts. */
class Recorder implements Tracer {
  readonly spans: (SpanStart & { id: string; parent?: string; ended: boolean; error?: unknown })[] = [];

  begin(start: SpanStart, caller: TraceContext = {}): Span {
    const id = `span-${this.spans.length + 1}`;
    const span = { ...start, id, parent: caller.traceparent, ended: false, error: undefined as unknown };
    this.spans.push(span);
    return {
      traceparent: id,
      tracestate: caller.tracestate,
      set: () => undefined,
      rename: () => undefined,
      end: (error) => {
        expect(span.ended).toBe(false);
        Object.assign(span, { ended: true, error });
      },
    };
  }

  start(span: SpanStart, parent: TraceContext | undefined = messageContext()): Span | undefined {
    return parent?.traceparent ? this.begin(span, parent) : undefined;
  }

  get told() {
    return this.spans.map(({ id, parent, kind = 'internal', name }) => `${parent} > ${id} ${kind} ${name}`);
  }
}

describe('the spans of messages', () => {
  let bus: MessageBus;
  let close: () => Promise<void>;
  let transport: Transport;
  let recorder: Recorder;
  const caller = { traceparent: 'caller', tracestate: 'kept' };

  beforeEach(async () => {
    const module = await Test.createTestingModule({ imports: [TestModule] }).compile();
    module.useLogger(false);
    await module.init();
    bus = module.get(MessageBus);
    transport = module.get(Transport, { strict: false });
    close = () => module.close();
    reacted = Promise.withResolvers();
    recorder = new Recorder();
    useTracer(recorder);
  });
  afterEach(async () => {
    useTracer(undefined);
    await close();
  });

  it('are below each other as the messages cause each other, every attempt of a reaction for itself', async () => {
    await runAs(caller, () => bus.execute(new Outer({})));
    await reacted.promise;
    await expect.poll(() => recorder.spans.every(({ ended }) => ended)).toBe(true);
    expect(recorder.told.toSorted()).toEqual(
      [
        'caller > span-1 internal t.outer.v1',
        'span-1 > span-2 consumer process t.react-on-done',
        'span-1 > span-3 internal t.inner.v1',
        'span-1 > span-4 consumer process t.react-on-done',
      ].toSorted(),
    );
    expect(contexts).toMatchObject({
      outer: { traceparent: 'span-1', tracestate: 'kept' },
      inner: { traceparent: 'span-3', tracestate: 'kept' },
      react: { traceparent: 'span-4', tracestate: 'kept' },
    });
    const [first, second] = recorder.spans.filter(({ kind }) => kind === 'consumer');
    expect(first).toMatchObject({ error: { code: 't.later' }, attributes: { 'parley.delivery.attempt': 1 } });
    expect(second).toMatchObject({ error: undefined, attributes: { 'parley.delivery.attempt': 2 } });
  });

  it('go over the transport with the message', async () => {
    const asked: TraceContext[] = [];
    await transport.respond(Away.type, async ({ traceparent, tracestate }) => {
      asked.push({ traceparent, tracestate });
      return {};
    });
    await runAs(caller, () => bus.query(new Away({})));
    expect(recorder.told).toEqual(['caller > span-1 client send away.ask.v1']);
    expect(asked).toEqual([{ traceparent: 'span-1', tracestate: 'kept' }]);
    expect(recorder.spans[0]).toMatchObject({ ended: true, attributes: { 'messaging.system': 'parley' } });
  });

  it('end with what went wrong', async () => {
    await expect(runAs(caller, () => bus.query(new Refuse({})))).rejects.toThrow('No.');
    expect(recorder.spans[0]).toMatchObject({ ended: true, error: { code: 't.no-such' } });
    await transport.respondStream(AwayTicks.type, async function* () {
      yield {};
      throw new DomainError('unavailable', 't.cut', 'Cut.');
    });
    const read = async () => {
      for await (const item of bus.stream(new AwayTicks({}))) expect(item).toEqual({});
    };
    await expect(runAs(caller, read)).rejects.toThrow('Cut.');
    expect(recorder.spans[1]).toMatchObject({ kind: 'client', ended: true, error: { code: 't.cut' } });
  });

  it('of a stream end when its reader leaves, and its steps are below them', async () => {
    await runAs(caller, async () => {
      for await (const { n } of bus.stream(new Ticks({}))) if (n === 3) break;
    });
    expect(recorder.spans).toMatchObject([{ name: 't.ticks.v1', ended: true, error: undefined }]);
    expect(contexts['ticks']).toMatchObject({ traceparent: 'span-1', tracestate: 'kept' });
  });

  it('are none for what nobody traced asked for', async () => {
    await runAs({}, () => bus.execute(new Outer({})));
    await reacted.promise;
    expect(recorder.spans).toEqual([]);
  });

  it('are none while tracing is off, and what the caller said goes on', async () => {
    useTracer(undefined);
    await runAs(caller, () => bus.execute(new Outer({})));
    await reacted.promise;
    expect(contexts).toMatchObject({ outer: caller, inner: caller, react: caller });
  });

  it('can have other work below them', async () => {
    const span = recorder.begin({ name: 'work' }, caller);
    const where = () => messageContext()?.traceparent;
    const items = async function* () {
      for (;;) yield where();
    };
    await runAs(caller, async () => {
      expect(runBelow(span, where)).toBe('span-1');
      expect(runBelow(undefined, where)).toBe('caller');
      for await (const seen of streamBelow(span, items())) {
        expect(seen).toBe('span-1');
        break;
      }
      for await (const seen of streamBelow(undefined, items())) {
        expect(seen).toBe('caller');
        break;
      }
    });
    expect(recorder.spans[0]!.ended).toBe(false);
  });
});
