import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Returns, Scopes } from '@app/http';
import { MessageBus } from '@app/messaging';
import { z } from 'zod';
import { ListModels, ModelView } from '../contracts/index.js';

const ModelList = z.object({ items: z.array(ModelView) }).meta({ id: 'ModelList' });

@ApiTags('inference')
@Scopes('inference', 'chat')
@Controller('api/models')
export class ModelsController {
  constructor(private readonly bus: MessageBus) {}

  @Get()
  @Returns(200, ModelList)
  async list() {
    return { items: (await this.bus.query(new ListModels({}))).models };
  }
}
