import { z } from 'zod';

/** As kept: without surrounding space, in lower case. */
export const Email = z.string().trim().toLowerCase().max(254).pipe(z.email());
export const Password = z.string().min(8).max(200);
export const PersonName = z.string().trim().min(1).max(100);

export const Role = z.enum(['admin', 'user']);

/** What an API key may be allowed to do. */
export const Scope = z.enum(['inference', 'chat', 'explore', 'admin']);
export type Scope = z.infer<typeof Scope>;

/** On whose behalf something is done, as every message carries it. */
export const ActorView = z.object({ userId: z.uuid(), role: Role, scopes: z.array(z.string()).optional() });

export const SetupView = z
  .object({
    hasUsers: z.boolean().describe('false: whoever signs up now becomes the administrator'),
    signUpOpen: z.boolean(),
  })
  .meta({ id: 'SetupView' });

export const UserView = z
  .object({ id: z.uuid(), email: z.string(), name: z.string(), role: Role, createdAt: z.iso.datetime() })
  .meta({ id: 'UserView' });
export type UserView = z.infer<typeof UserView>;

export const ManagedUserView = z
  .object({ ...UserView.shape, disabledAt: z.iso.datetime().nullable() })
  .meta({ id: 'ManagedUserView' });
export type ManagedUserView = z.infer<typeof ManagedUserView>;

export const ManagedUserList = z.object({ items: z.array(ManagedUserView) }).meta({ id: 'ManagedUserList' });

export const SessionView = z
  .object({
    accessToken: z.string().describe('For the header `Authorization: Bearer …`'),
    expiresAt: z.iso.datetime().describe('When the access token ends; then refresh'),
    user: UserView,
  })
  .meta({ id: 'SessionView' });
export type SessionView = z.infer<typeof SessionView>;

/** A session and the secret that renews it, which goes into a cookie and nowhere else. */
export const IssuedSession = z.object({
  session: SessionView,
  refreshToken: z.string(),
  refreshExpiresAt: z.iso.datetime(),
});
export type IssuedSession = z.infer<typeof IssuedSession>;

export const ApiKeyView = z
  .object({
    id: z.uuid(),
    name: z.string(),
    prefix: z.string().describe('The first characters, to recognise it by'),
    scopes: z.array(Scope),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().nullable(),
    lastUsedAt: z.iso.datetime().nullable().describe('To the hour'),
  })
  .meta({ id: 'ApiKeyView' });
export type ApiKeyView = z.infer<typeof ApiKeyView>;

export const ApiKeyList = z.object({ items: z.array(ApiKeyView) }).meta({ id: 'ApiKeyList' });

export const CreatedApiKey = z
  .object({ ...ApiKeyView.shape, key: z.string().describe('Shown this once') })
  .meta({ id: 'CreatedApiKey' });
