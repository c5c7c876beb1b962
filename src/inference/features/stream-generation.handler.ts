import { Handles, type DataOf, type MessageContext } from '@app/messaging';
import { type GenerationEvent, StreamGeneration } from '../contracts/index.js';
import { GenerationLog } from '../generation/generation-log.js';

@Handles(StreamGeneration)
export class StreamGenerationHandler {
  constructor(private readonly log: GenerationLog) {}

  handle(
    { generationId, after, fresh }: DataOf<StreamGeneration>,
    { signal }: MessageContext,
  ): AsyncIterable<GenerationEvent> {
    return this.log.follow(generationId, after, signal, fresh);
  }
}
