import { Module } from '@nestjs/common';
import { ModelsController } from './http/models.controller.js';
import { OpenAiController } from './http/openai.controller.js';

@Module({ controllers: [ModelsController, OpenAiController] })
export class InferenceHttpModule {}
