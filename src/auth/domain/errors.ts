import { DomainError } from '@app/kernel';

export const signUpClosed = () =>
  new DomainError('forbidden', 'auth.sign-up-closed', 'Sign-up is closed. Ask the administrator for an account.');

export const emailTaken = () =>
  new DomainError('conflict', 'auth.email-taken', 'There is an account with this e-mail address. Sign in instead.');

/** One error for an unknown address, a wrong password and a disabled account, so that none can be told from the others. */
export const wrongCredentials = () =>
  new DomainError('unauthenticated', 'auth.wrong-credentials', 'The e-mail address or the password is wrong.');

export const tooManyFailures = (retryAfterSeconds: number) =>
  new DomainError(
    'rate-limited',
    'auth.too-many-failures',
    'Too many failed attempts. Please wait before the next one.',
    {
      retryAfterSeconds,
    },
  );

export const busy = () =>
  new DomainError('unavailable', 'auth.busy', 'Too many people sign in at this moment. Please try again.', {
    retryAfterSeconds: 2,
  });

export const sessionEnded = () =>
  new DomainError('unauthenticated', 'auth.session-ended', 'Your session has ended. Please sign in again.');

export const refreshTokenReused = () =>
  new DomainError(
    'unauthenticated',
    'auth.refresh-token-reused',
    'Your session was ended because its token was used twice. Please sign in again.',
  );

export const userNotFound = (userId: string) =>
  new DomainError('not-found', 'auth.user-not-found', 'There is no such account.', { userId });

export const apiKeyNotFound = (apiKeyId: string) =>
  new DomainError('not-found', 'auth.api-key-not-found', 'You have no such API key.', { apiKeyId });

export const tooManyApiKeys = (limit: number) =>
  new DomainError('conflict', 'auth.too-many-api-keys', `You have ${limit} API keys. Revoke one first.`, { limit });

export const expiryInThePast = () =>
  new DomainError('invalid', 'auth.expiry-in-the-past', 'The API key would have expired already.', {
    param: 'expiresAt',
  });

export const scopeNotAllowed = () =>
  new DomainError('forbidden', 'auth.scope-not-allowed', 'Only administrators may make keys with the scope “admin”.');

export const lastAdministrator = () =>
  new DomainError('conflict', 'auth.last-administrator', 'The last administrator cannot be disabled.');

export const adminOnly = () => new DomainError('forbidden', 'platform.forbidden', 'Only administrators may do this.');
