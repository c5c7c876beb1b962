import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { toast } from '../ui/toast.js';
import { keepPages } from './updates.js';

vi.mock('../ui/toast.js', () => ({ toast: vi.fn() }));

class Worker extends EventTarget {
  constructor(public state: 'installing' | 'installed') {
    super();
  }
  install(): void {
    this.state = 'installed';
    this.dispatchEvent(new Event('statechange'));
  }
}
class Registration extends EventTarget {
  installing: Worker | null = null;
  waiting: Worker | null = null;
  find(): Worker {
    this.installing = new Worker('installing');
    this.dispatchEvent(new Event('updatefound'));
    return this.installing;
  }
}

describe('a newer version of the pages', () => {
  let registration: Registration;
  const container = { controller: {} as object | null, register: () => Promise.resolve(registration) };
  const opened = async () => {
    keepPages();
    await new Promise((resolve) => setImmediate(resolve));
  };

  beforeEach(() => {
    registration = new Registration();
    container.controller = {};
    vi.mocked(toast).mockClear();
    vi.stubEnv('PROD', true);
    vi.stubGlobal('navigator', { serviceWorker: container });
    vi.stubGlobal('document', Object.assign(new EventTarget(), { readyState: 'complete' }));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.unstubAllGlobals();
  });
  const offers = () => vi.mocked(toast).mock.calls.length;

  it('is offered once it is whole, whether it was found after the page, before it or in the middle', async () => {
    await opened();
    const later = registration.find();
    expect(offers()).toBe(0);
    later.install();
    expect(offers()).toBe(1);

    registration = new Registration();
    registration.waiting = new Worker('installed');
    await opened();
    expect(offers()).toBe(2);

    registration = new Registration();
    // The browser looks a second after it asked for the page, which may take longer than that to load.
    const now = registration.find();
    await opened();
    expect(offers()).toBe(2);
    now.install();
    expect(offers()).toBe(3);
  });

  it('is not offered in the place of none', async () => {
    container.controller = null;
    await opened();
    registration.find().install();
    expect(offers()).toBe(0);
  });
});
