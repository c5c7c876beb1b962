import { newId } from '@app/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Inbox } from './inbox.js';

/** Both adapters pass this. */
export function inboxContract(
  adapter: string,
  open: () => Promise<{
    inbox: Inbox;
    unit: (work: () => Promise<void>) => Promise<void>;
    close: () => Promise<void>;
  }>,
): void {
  describe(`the ${adapter} inbox`, () => {
    let inbox: Inbox;
    let unit: (work: () => Promise<void>) => Promise<void>;
    let close: () => Promise<void>;
    beforeAll(async () => void ({ inbox, unit, close } = await open()));
    afterAll(() => close?.());

    it('notes a message once a queue', async () => {
      const [a, b] = [newId(), newId()];
      expect(await inbox.has('q1', a)).toBe(false);
      expect(await inbox.record('q1', a)).toBe(true);
      expect(await inbox.record('q1', a)).toBe(false);
      expect(await inbox.has('q1', a)).toBe(true);
      expect(await inbox.record('q2', a)).toBe(true);
      expect(await inbox.record('q1', b)).toBe(true);
    });

    it('fails the unit that notes a message which was noted before', async () => {
      const id = newId();
      await unit(() => inbox.note('q1', id));
      expect(await inbox.has('q1', id)).toBe(true);
      const failure = await unit(() => inbox.note('q1', id)).catch((error: unknown) => error);
      expect(inbox.isRepeat(failure)).toBe(true);
      expect(inbox.isRepeat(new Error('of another kind'))).toBe(false);
      await unit(() => inbox.note('q2', id));
    });
  });
}
