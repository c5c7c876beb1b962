import { event } from '@app/messaging';
import { z } from 'zod';
import { Role, Scope } from './views.js';

export class UserSignedUp extends event(
  'auth.user.signed-up.v1',
  z.object({ userId: z.uuid(), email: z.string(), role: Role }),
) {}

export class UserSignedIn extends event(
  'auth.user.signed-in.v1',
  z.object({ userId: z.uuid(), sessionId: z.uuid() }),
) {}

export class UserDisabled extends event('auth.user.disabled.v1', z.object({ userId: z.uuid() })) {}

export class UserEnabled extends event('auth.user.enabled.v1', z.object({ userId: z.uuid() })) {}

/** A refresh token came a second time: somebody else may have it, so the whole session was ended. */
export class SessionReuseDetected extends event(
  'auth.session.reuse-detected.v1',
  z.object({ userId: z.uuid(), sessionId: z.uuid() }),
) {}

export class ApiKeyCreated extends event(
  'auth.api-key.created.v1',
  z.object({ userId: z.uuid(), apiKeyId: z.uuid(), name: z.string(), scopes: z.array(Scope) }),
) {}

export class ApiKeyRevoked extends event(
  'auth.api-key.revoked.v1',
  z.object({ userId: z.uuid(), apiKeyId: z.uuid() }),
) {}
