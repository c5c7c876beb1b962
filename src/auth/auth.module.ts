import { Module } from '@nestjs/common';
import { Clock, SystemClock } from '@app/kernel';
import { AuthenticateAccessTokenHandler } from './features/authenticate-access-token.handler.js';
import { AuthenticateApiKeyHandler } from './features/authenticate-api-key.handler.js';
import { CreateApiKeyHandler } from './features/create-api-key.handler.js';
import { DisableUserHandler } from './features/disable-user.handler.js';
import { EnableUserHandler } from './features/enable-user.handler.js';
import { GetMeHandler } from './features/get-me.handler.js';
import { GetSetupHandler } from './features/get-setup.handler.js';
import { ListApiKeysHandler } from './features/list-api-keys.handler.js';
import { ListUsersHandler } from './features/list-users.handler.js';
import { RefreshSessionHandler } from './features/refresh-session.handler.js';
import { RevokeApiKeyHandler } from './features/revoke-api-key.handler.js';
import { SetUpAdministrator } from './features/set-up-administrator.js';
import { SignInHandler } from './features/sign-in.handler.js';
import { SignOutHandler } from './features/sign-out.handler.js';
import { SignUpHandler } from './features/sign-up.handler.js';
import { ApiKeys } from './persistence/api-keys.js';
import { Sessions } from './persistence/sessions.js';
import { Users } from './persistence/users.js';
import { AccessTokens } from './security/access-tokens.js';
import { Passwords } from './security/passwords.js';
import { SessionIssuer } from './security/session-issuer.js';
import { SignInThrottle } from './security/sign-in-throttle.js';

@Module({
  providers: [
    SignUpHandler,
    SignInHandler,
    RefreshSessionHandler,
    SignOutHandler,
    GetSetupHandler,
    GetMeHandler,
    CreateApiKeyHandler,
    RevokeApiKeyHandler,
    ListApiKeysHandler,
    AuthenticateApiKeyHandler,
    AuthenticateAccessTokenHandler,
    ListUsersHandler,
    DisableUserHandler,
    EnableUserHandler,
    SetUpAdministrator,
    Users,
    Sessions,
    ApiKeys,
    Passwords,
    AccessTokens,
    SessionIssuer,
    SignInThrottle,
    { provide: Clock, useClass: SystemClock },
  ],
})
export class AuthModule {}
