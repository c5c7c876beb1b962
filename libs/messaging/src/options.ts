export interface MessagingOptions {
  /** Name of this process in `source` of what it sends. */
  service: string;
  /** Where messages go that no handler of this process serves, and events. */
  transport: 'in-process';
  /** Milliseconds that running reactions get at shutdown before their signal aborts. Default 10,000. */
  shutdownGraceMs?: number;
  /** Milliseconds between looks for work that no wake-up announced. A safety net; default 1,000. */
  pollMs?: number;
}

export const MESSAGING_OPTIONS = Symbol('MessagingOptions');
export const SERVICE = Symbol('Service');
