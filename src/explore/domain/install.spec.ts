import { DomainError } from '@app/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CatalogueEntry } from './catalogue.js';
import { Install } from './install.js';

const entry: CatalogueEntry = {
  id: 'tiny',
  name: 'Tiny',
  description: 'A model.',
  license: null,
  parameters: 1,
  quantization: 'F32',
  contextLength: 128,
  sizeBytes: 1000,
  digest: 'a'.repeat(64),
  sources: {},
};
const now = new Date('2026-01-01T00:00:00Z');
const requested = () => Install.request(entry, now);

describe('an install', () => {
  it('goes from queued over downloading and verifying to installed', () => {
    const install = requested();
    expect(install.view()).toMatchObject({ status: 'queued', receivedBytes: 0, totalBytes: 1000, source: null });
    install.begin(now);
    install.receive('pypi', 400, now);
    expect(install.view()).toMatchObject({ status: 'downloading', receivedBytes: 400, source: 'pypi' });
    install.verify(now);
    expect(install.view()).toMatchObject({ status: 'verifying', receivedBytes: 1000 });
    install.complete('a'.repeat(64), now);
    expect(install.view().status).toBe('installed');
  });

  it('can be resumed after it was cancelled and keeps what was received', () => {
    const install = requested();
    install.begin(now);
    install.receive('huggingface', 400, now);
    expect(install.cancel(now)).toBe(true);
    expect(install.cancel(now)).toBe(false);
    expect(install.resume(now)).toBe(true);
    expect(install.resume(now)).toBe(false);
    expect(install.view()).toMatchObject({ status: 'queued', receivedBytes: 400 });
  });

  it('forgets its error when it is resumed', () => {
    const install = requested();
    install.fail({ code: 'explore.gated', message: 'No.' }, now);
    expect(install.view()).toMatchObject({ status: 'failed', error: { code: 'explore.gated' } });
    install.resume(now);
    expect(install.view().error).toBeNull();
  });

  it('refuses to cancel or resume what is installed', () => {
    const install = requested();
    install.complete('a'.repeat(64), now);
    expect(() => install.cancel(now)).toThrow(expect.objectContaining({ code: 'explore.install-finished' }));
    expect(() => install.resume(now)).toThrow(expect.objectContaining({ code: 'explore.install-finished' }));
  });

  it('is always in one known state, whatever is asked in whatever order', () => {
    const step = fc.oneof(
      fc.constantFrom('begin' as const, 'verify' as const, 'complete' as const, 'fail' as const),
      fc.constantFrom('cancel' as const, 'resume' as const),
      fc.integer({ min: -10, max: 2000 }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const install = requested();
        let installed = false;
        for (const asked of steps) {
          const before = install.view();
          try {
            if (typeof asked === 'number') install.receive('folder', asked, now);
            else if (asked === 'complete') install.complete('b'.repeat(64), now);
            else if (asked === 'fail') install.fail({ code: 'x', message: 'x' }, now);
            else install[asked](now);
          } catch (error) {
            expect(error).toBeInstanceOf(DomainError);
            expect(install.view()).toEqual(before);
          }
          const { status, receivedBytes, totalBytes, error } = install.view();
          expect(receivedBytes).toBeGreaterThanOrEqual(0);
          expect(receivedBytes).toBeLessThanOrEqual(totalBytes);
          expect(error !== null).toBe(status === 'failed');
          if (installed) expect(status).toBe('installed');
          installed ||= status === 'installed';
        }
      }),
    );
  });
});
