import { event } from '@app/messaging';
import { z } from 'zod';
import { Role, Scope } from './views.js';

export class UserSignedUp extends event(
  'auth.user.signed-up.v1',
  z.object({
    userId: z.uuid(),
    email: z.string(),
    name: z.string().optional().describe('Absent in events of older versions'),
    role: Role,
  }),
) {}

/** From where, as far as the edge knows it; older versions told neither address, browser nor time. */
export class UserSignedIn extends event(
  'auth.user.signed-in.v1',
  z.object({
    userId: z.uuid(),
    sessionId: z.uuid(),
    address: z.string().optional().describe('IP address of the client'),
    userAgent: z.string().optional().describe('As the client names itself, up to 400 characters'),
    at: z.iso.datetime().optional(),
  }),
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
