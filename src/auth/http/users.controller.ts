import { Controller, Get, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Returns, Roles } from '@app/http';
import { MessageBus } from '@app/messaging';
import { z } from 'zod';
import { DisableUser, EnableUser, ListUsers, ManagedUserList } from '../contracts/index.js';
import { AccountAuthenticator } from './account-authenticator.js';

const uuid = { schema: z.uuid() };

/** For administrators. */
@ApiTags('auth')
@Roles('admin')
@Controller('api/auth/users')
export class UsersController {
  constructor(
    private readonly bus: MessageBus,
    private readonly authenticator: AccountAuthenticator,
  ) {}

  @Get()
  @Returns(200, ManagedUserList)
  list() {
    return this.bus.query(new ListUsers({}));
  }

  @Post(':userId/disable')
  @Returns(204)
  async disable(@Param('userId', uuid) userId: string): Promise<void> {
    await this.bus.execute(new DisableUser({ userId }));
    await this.authenticator.forget(userId);
  }

  @Post(':userId/enable')
  @Returns(204)
  async enable(@Param('userId', uuid) userId: string): Promise<void> {
    await this.bus.execute(new EnableUser({ userId }));
  }
}
