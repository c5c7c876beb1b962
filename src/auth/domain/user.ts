/** An account. `email` is kept trimmed and in lower case, and is unique. */
export interface User {
  id: string;
  email: string;
  name: string;
  role: 'admin' | 'user';
  createdAt: Date;
  /** When an administrator took it out of use; null while it works. */
  disabledAt: Date | null;
}

/** The same address for everybody who types it: nobody means two people by `Ada@x.org` and `ada@x.org`. */
export const normalizeEmail = (email: string): string => email.trim().toLowerCase();

/** What a person is called who said no name. */
export const nameFromEmail = (email: string): string => email.slice(0, email.indexOf('@')).slice(0, 100);
