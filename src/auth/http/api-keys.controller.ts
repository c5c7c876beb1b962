import { Body, Controller, Delete, Get, Header, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Returns } from '@app/http';
import { MessageBus } from '@app/messaging';
import { z } from 'zod';
import { ApiKeyList, CreateApiKey, CreatedApiKey, ListApiKeys, RevokeApiKey } from '../contracts/index.js';
import { AccountAuthenticator } from './account-authenticator.js';
import { CreateApiKeyBody } from './shapes.js';

/** For signed-in people: a key cannot make, see or revoke keys. */
@ApiTags('auth')
@Controller('api/auth/api-keys')
export class ApiKeysController {
  constructor(
    private readonly bus: MessageBus,
    private readonly authenticator: AccountAuthenticator,
  ) {}

  @Get()
  @Returns(200, ApiKeyList)
  list() {
    return this.bus.query(new ListApiKeys({}));
  }

  @Post()
  @Header('cache-control', 'no-store')
  @Returns(201, CreatedApiKey)
  create(@Body({ schema: CreateApiKeyBody }) body: z.output<typeof CreateApiKeyBody>) {
    return this.bus.execute(new CreateApiKey(body));
  }

  @Delete(':apiKeyId')
  @Returns(204)
  async revoke(@Param('apiKeyId', { schema: z.uuid() }) apiKeyId: string): Promise<void> {
    await this.bus.execute(new RevokeApiKey({ apiKeyId }));
    await this.authenticator.forget(apiKeyId);
  }
}
