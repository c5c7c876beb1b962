import { newId } from '@app/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Inbox } from './inbox.js';

/** Both adapters pass this. */
export function inboxContract(
  adapter: string,
  open: () => Promise<{ inbox: Inbox; close: () => Promise<void> }>,
): void {
  describe(`the ${adapter} inbox`, () => {
    let inbox: Inbox;
    let close: () => Promise<void>;
    beforeAll(async () => void ({ inbox, close } = await open()));
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
  });
}
