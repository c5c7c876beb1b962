import { query } from '@app/messaging';
import { z } from 'zod';
import { ActorView, ApiKeyList, ManagedUserList, SetupView, UserView } from './views.js';

export class GetSetup extends query('auth.get-setup.v1', z.object({}), SetupView) {}

export class GetMe extends query('auth.get-me.v1', z.object({}), UserView) {}

export class ListApiKeys extends query('auth.list-api-keys.v1', z.object({}), ApiKeyList) {}

/** For administrators. */
export class ListUsers extends query('auth.list-users.v1', z.object({}), ManagedUserList) {}

/** Whom an API key stands for; null when it is unknown, revoked or expired, or its account is disabled. */
export class AuthenticateApiKey extends query(
  'auth.authenticate-api-key.v1',
  z.object({ key: z.string().max(500) }),
  z.object({
    actor: ActorView.nullable(),
    apiKeyId: z.uuid().nullable(),
    expiresAt: z.iso.datetime().nullable(),
  }),
) {}

/** Whom an access token stands for; null when it is not ours or over, its session was ended or its account disabled. */
export class AuthenticateAccessToken extends query(
  'auth.authenticate-access-token.v1',
  z.object({ token: z.string().max(5000) }),
  z.object({
    actor: ActorView.nullable(),
    sessionId: z.uuid().nullable(),
    expiresAt: z.iso.datetime().nullable(),
  }),
) {}
