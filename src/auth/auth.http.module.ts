import { Module } from '@nestjs/common';
import { Authenticator } from '@app/http';
import { AccountAuthenticator } from './http/account-authenticator.js';
import { ApiKeysController } from './http/api-keys.controller.js';
import { SessionController } from './http/session.controller.js';
import { UsersController } from './http/users.controller.js';

@Module({
  controllers: [SessionController, ApiKeysController, UsersController],
  providers: [AccountAuthenticator, { provide: Authenticator, useExisting: AccountAuthenticator }],
})
export class AuthHttpModule {}
