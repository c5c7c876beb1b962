import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Returns, Scopes } from '@app/http';
import { MessageBus } from '@app/messaging';
import { ChatLimits, GetChatLimits } from '../contracts/index.js';

@ApiTags('chat')
@Scopes('chat')
@Controller('api/chat/limits')
export class LimitsController {
  constructor(private readonly bus: MessageBus) {}

  @Get()
  @Returns(200, ChatLimits)
  limits() {
    return this.bus.query(new GetChatLimits({}));
  }
}
