import { Module } from '@nestjs/common';
import { Caches } from '@app/cache';
import { Config } from '@app/config';
import { Authenticator } from '@app/http';
import { AccountAuthenticator } from './http/account-authenticator.js';
import { ApiKeysController } from './http/api-keys.controller.js';
import { SessionController } from './http/session.controller.js';
import { SharedCredentials } from './http/shared-credentials.js';
import { UsersController } from './http/users.controller.js';

@Module({
  controllers: [SessionController, ApiKeysController, UsersController],
  providers: [
    AccountAuthenticator,
    { provide: Authenticator, useExisting: AccountAuthenticator },
    {
      provide: SharedCredentials,
      inject: [Caches, Config],
      useFactory: (caches: Caches, { auth }: Config) =>
        caches.shared && auth.secret ? new SharedCredentials(caches, auth.secret) : null,
    },
  ],
})
export class AuthHttpModule {}
