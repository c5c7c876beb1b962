import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AuditedEvent, canonicalJson, GENESIS, hide, type Link, sealOf } from './chain.js';
import { readExportLines } from './export-file.js';
import { verifyChain } from './verify.js';
import { verifyRead } from './verify-audit.js';

const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const body = fc.record({
  id: fc.uuid(),
  stream: fc.string({ maxLength: 20 }),
  version: fc.nat(),
  type: fc.constantFrom('chat.message.sent.v1', 'auth.user.signed-in.v1'),
  occurredAt: fc.constantFrom('2026-01-01T00:00:00.000001Z', '2026-01-01T00:00:00.000002Z'),
  metadata: json,
  data: fc.dictionary(fc.string({ maxLength: 8 }), json, { maxKeys: 4 }),
});

/** A sealed chain whose positions have gaps, as rolled-back inserts leave them. */
const chain = fc.array(fc.tuple(body, fc.integer({ min: 1, max: 3 })), { minLength: 1, maxLength: 8 }).map((items) => {
  let position = 0;
  let seal = GENESIS;
  return items.map(([event, gap]): Link => {
    position += gap;
    const audited: AuditedEvent = { position: String(position), ...event };
    return { position: audited.position, event: audited, seal: (seal = sealOf(seal, audited)) };
  });
});
const chainAndPlace = chain.chain((links) => fc.tuple(fc.constant(links), fc.nat({ max: links.length - 1 })));

const changed = (links: readonly Link[], at: number, change: Partial<AuditedEvent>): Link[] =>
  links.map((link, index) => (index === at ? { ...link, event: { ...link.event!, ...change } } : link));

describe('the chain of the audit', () => {
  it('holds when nothing was touched', async () => {
    await fc.assert(
      fc.asyncProperty(chain, async (links) => {
        const { position, seal } = links.at(-1)!;
        expect(await verifyChain(links)).toEqual({ ok: true, events: links.length, head: { position, seal } });
      }),
    );
  });

  it('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(json, (value) => {
        const turned = JSON.parse(JSON.stringify(value), (_key, part: unknown) =>
          typeof part === 'object' && part !== null && !Array.isArray(part)
            ? Object.fromEntries(Object.entries(part).toReversed())
            : part,
        ) as unknown;
        expect(canonicalJson(turned)).toBe(canonicalJson(value));
      }),
    );
  });

  it('finds any change of any field of any event, at its position', async () => {
    const fields = ['id', 'stream', 'version', 'type', 'occurredAt', 'metadata', 'data'] as const;
    await fc.assert(
      fc.asyncProperty(chainAndPlace, fc.constantFrom(...fields), json, async ([links, at], field, value) => {
        fc.pre(canonicalJson(links[at]!.event![field]) !== canonicalJson(value));
        const verdict = await verifyChain(changed(links, at, { [field]: value }));
        expect(verdict).toMatchObject({ ok: false, events: at, position: links[at]!.position });
      }),
    );
  });

  it('finds any change of a seal, at its position', async () => {
    await fc.assert(
      fc.asyncProperty(chainAndPlace, fc.nat({ max: 63 }), async ([links, at], digit) => {
        const seal = links[at]!.seal!;
        const other = seal.slice(0, digit) + (seal[digit] === 'a' ? 'b' : 'a') + seal.slice(digit + 1);
        const tampered = links.map((link, index) => (index === at ? { ...link, seal: other } : link));
        expect(await verifyChain(tampered)).toMatchObject({ ok: false, position: links[at]!.position });
      }),
    );
  });

  it('finds the removal of an event, of a seal, and of both', async () => {
    await fc.assert(
      fc.asyncProperty(chainAndPlace, async ([links, at]) => {
        const { position } = links[at]!;
        for (const part of ['event', 'seal'] as const) {
          const without = links.map((link, index) => (index === at ? { ...link, [part]: null } : link));
          expect(await verifyChain(without)).toMatchObject({ ok: false, position });
        }
        const gone = links.toSpliced(at, 1);
        const expected = { position: links.at(-1)!.position, seal: links.at(-1)!.seal! };
        const verdict = await verifyChain(gone, { expected });
        // Of the last one only the head that was noted elsewhere knows.
        expect(verdict).toMatchObject({ ok: false, position: links[at + 1]?.position ?? position });
      }),
    );
  });

  it('finds an event that was put in, with a seal or without', async () => {
    await fc.assert(
      fc.asyncProperty(chainAndPlace, body, async ([links, at], event) => {
        // Everything moves up by one, to make room: the positions of those behind it change too.
        const { position, seal } = links[at]!;
        for (const given of [null, seal]) {
          const inserted: Link = { position, event: { position, ...event }, seal: given };
          const before = links.slice(0, at);
          const verdict = await verifyChain([...before, inserted, ...links.slice(at)]);
          fc.pre(canonicalJson(inserted.event) !== canonicalJson(links[at]!.event));
          expect(verdict).toMatchObject({ ok: false, position });
        }
      }),
    );
  });

  it('finds two events that changed places, in order or in content', async () => {
    await fc.assert(
      fc.asyncProperty(chainAndPlace, fc.nat(), async ([links, a], by) => {
        const b = by % links.length;
        fc.pre(a !== b);
        const [first, second] = [links[Math.min(a, b)]!, links[Math.max(a, b)]!];
        const swap = (link: Link) => (link === first ? second : link === second ? first : link);
        expect((await verifyChain(links.map(swap))).ok).toBe(false);
        const contents = links.map((link) => {
          const { position } = link;
          return { position, event: { ...swap(link).event!, position }, seal: link.seal };
        });
        const same = canonicalJson({ ...first.event, position: 0 }) === canonicalJson({ ...second.event, position: 0 });
        fc.pre(!same);
        expect(await verifyChain(contents)).toMatchObject({ ok: false, position: first.position });
      }),
    );
  });

  it('is not satisfied with a chain that is not the one that was noted', async () => {
    await fc.assert(
      fc.asyncProperty(chain, chain, async (links, others) => {
        const { position, seal } = others.at(-1)!;
        fc.pre(!links.some((link) => link.position === position && link.seal === seal));
        expect(await verifyChain(links, { expected: { position, seal: seal! } })).toMatchObject({ ok: false });
      }),
    );
  });
});

describe('an export', () => {
  const lines = (links: readonly Link[]) => {
    const { position, seal } = links.at(-1)!;
    return [
      { format: 'parley-audit-1', complete: true },
      ...links.map(({ event, seal: own }) => ({ ...event, seal: own })),
      { end: true, events: links.length, head: { position, seal } },
    ].map((line) => JSON.stringify(line));
  };

  it('can be verified with its texts hidden', async () => {
    const hidden = (value: unknown): unknown => {
      if (typeof value === 'string') return hide(value);
      if (Array.isArray(value)) return value.map(hidden);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, hidden(inner)]));
    };
    await fc.assert(
      fc.asyncProperty(chain, async (links) => {
        const exported = links.map((link) => ({ ...link, event: { ...link.event!, data: hidden(link.event!.data) } }));
        expect(await verifyRead(readExportLines(lines(exported)))).toMatchObject({ ok: true, events: links.length });
      }),
    );
  });

  it('is found out when any line of it is missing, twice there or out of place', async () => {
    await fc.assert(
      fc.asyncProperty(chainAndPlace, fc.nat(), async ([links, at], by) => {
        const whole = lines(links);
        const verdictOf = async (given: string[]) =>
          verifyRead(readExportLines(given)).then(
            ({ ok }) => ok,
            (error: { code?: string }) => error.code,
          );
        const place = at + 1;
        const other = (by % links.length) + 1;
        expect(await verdictOf(whole)).toBe(true);
        expect(await verdictOf(whole.toSpliced(place, 1))).toBe(false);
        expect(await verdictOf(whole.slice(0, -1))).toBe(false);
        expect(await verdictOf(whole.toSpliced(place, 0, whole[place]!))).toBe(false);
        fc.pre(other !== place);
        expect(await verdictOf(whole.with(place, whole[other]!).with(other, whole[place]!))).toBe(false);
      }),
    );
  });

  it.each([
    ['a filtered one', ['{"format":"parley-audit-1","complete":false}']],
    ['something else', ['{"a":1}']],
    ['what is no JSON', ['{"format":"parley-audit-1","complete":true}', '{']],
    ['an empty file', []],
  ])('is refused when it is %s', async (_what, given) => {
    await expect(verifyRead(readExportLines(given))).rejects.toMatchObject({ code: 'platform.audit-export-unusable' });
  });
});
