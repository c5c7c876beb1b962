export interface StoredRefreshToken {
  /** When it was changed for its successor; null while it is the newest. */
  usedAt: Date | null;
  expiresAt: Date;
  /** When the session it belongs to was ended; null while it lives. */
  sessionEndedAt: Date | null;
  userDisabledAt: Date | null;
}

/** `rotate`: change it for a new one. `ended`: of no use any more. `reused`: stolen, or lost and found; end the session. */
export type Rotation = 'rotate' | 'ended' | 'reused';

/** Two tabs that share the cookie may both send the same token; so long after its use a token is not "used twice". */
export const GRACE_MS = 10_000;

export function decideRotation(token: StoredRefreshToken, now: Date): Rotation {
  if (token.sessionEndedAt || token.userDisabledAt || token.expiresAt <= now) return 'ended';
  if (token.usedAt && now.getTime() - token.usedAt.getTime() > GRACE_MS) return 'reused';
  return 'rotate';
}
