import { command } from '@app/messaging';
import { z } from 'zod';
import { CreatedApiKey, Email, IssuedSession, Password, PersonName, Scope } from './views.js';

/** The first account of all becomes the administrator. */
export class SignUp extends command(
  'auth.sign-up.v1',
  z.object({ email: Email, password: Password, name: PersonName.optional() }),
  IssuedSession,
) {}

export class SignIn extends command(
  'auth.sign-in.v1',
  z.object({
    email: Email,
    // Not `Password`: what was once accepted must be able to sign in.
    password: z.string().max(1000),
    address: z.string().optional().describe('Of the client, to slow down guessing'),
    userAgent: z.string().max(400).optional().describe('As the client names itself'),
  }),
  IssuedSession,
) {}

/** Changes the refresh token for a new one. One that was used before ends the session. */
export class RefreshSession extends command(
  'auth.refresh-session.v1',
  z.object({ refreshToken: z.string().max(200) }),
  IssuedSession,
) {}

/** Ends the session of this refresh token; an unknown one is fine. */
export class SignOut extends command(
  'auth.sign-out.v1',
  z.object({ refreshToken: z.string().max(200) }),
  z.object({ sessionId: z.uuid().nullable() }),
) {}

export class CreateApiKey extends command(
  'auth.create-api-key.v1',
  z.object({
    name: z.string().trim().min(1).max(100),
    scopes: z.array(Scope).min(1).max(10),
    expiresAt: z.iso.datetime({ offset: true }).nullish(),
  }),
  CreatedApiKey,
) {}

export class RevokeApiKey extends command('auth.revoke-api-key.v1', z.object({ apiKeyId: z.uuid() })) {}

/** For administrators. A disabled account can do nothing: neither its sessions nor its keys work. */
export class DisableUser extends command('auth.disable-user.v1', z.object({ userId: z.uuid() })) {}

export class EnableUser extends command('auth.enable-user.v1', z.object({ userId: z.uuid() })) {}
