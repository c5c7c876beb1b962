import { describe, expect, it } from 'vitest';
import { UnreadCount } from './unread-count.js';

describe('the count of what is unread', () => {
  it('is the newest that the server gave, in whatever order it came', () => {
    const unread = new UnreadCount();
    unread.take({ unreadCount: 1, revision: '9' });
    // Something was read, and while that was answered something new came: the answer is the later to arrive.
    unread.take({ unreadCount: 1, revision: '11' });
    unread.take({ unreadCount: 0, revision: '10' });
    expect(unread.get()).toBe(1);
    unread.take({ unreadCount: 0, revision: '12' });
    expect(unread.get()).toBe(0);
  });

  it('of the same revision may come twice', () => {
    const unread = new UnreadCount();
    unread.take({ unreadCount: 2, revision: '3' });
    // Looked at a moment after the revision: what came between them has an event of its own.
    unread.take({ unreadCount: 1, revision: '3' });
    expect(unread.get()).toBe(1);
  });

  it('begins anew for whoever signs in next', () => {
    const unread = new UnreadCount();
    unread.take({ unreadCount: 4, revision: '100' });
    unread.forget();
    expect(unread.get()).toBe(0);
    unread.take({ unreadCount: 2, revision: '7' });
    expect(unread.get()).toBe(2);
  });
});
